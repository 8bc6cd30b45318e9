#include "deploy/feeds/words.h"

#include "processors/core/base/error.h"

const struct mr_measure_words mr_measure_words[MR_MEASURE_COUNT] = {
    [MR_MEASURE_PIECE] = {"יחידה", "יחידה", "יחידות"},
    [MR_MEASURE_100_GRAM] = {"100 גרם", "גרמים", "גרם"},
    [MR_MEASURE_KILO] = {"ק\"ג", "קילוגרמים", "קילוגרם"},
    [MR_MEASURE_100_ML] = {"100 מ\"ל", "מיליליטרים", "מיליליטר"},
    [MR_MEASURE_LITRE] = {"ליטר", "ליטרים", "ליטר"},
};

const struct mr_shelf mr_shelves[] = {
    {MR_SOLD_BY_WEIGHT,
     990,
     0.40,
     {"עגבניה", "מלפפון", "תפוח אדמה", "גזר", "בצל", "פלפל", "קישוא"},
     {"", "שרי", "אדום", "ארוז", "מובחר", "בתפזורת"},
     {1000}},
    {MR_SOLD_BY_WEIGHT,
     1490,
     0.45,
     {"תפוח עץ", "בננה", "אגס", "ענבים", "אפרסק", "נקטרינה", "מנגו"},
     {"", "ירוק", "אדום", "מובחר", "ארוז", "מתוק"},
     {1000}},
    {MR_SOLD_BY_WEIGHT,
     5990,
     0.45,
     {"חזה עוף", "שניצל", "בשר טחון", "צלי כתף", "כרעיים", "פילה דג"},
     {"טרי", "קפוא", "מהדרין", "ארוז", "ללא עצם"},
     {1000}},
    {MR_SOLD_BY_WEIGHT,
     6990,
     0.30,
     {"גבינה צהובה", "נקניק", "פסטרמה", "זיתים", "סלט חצילים"},
     {"פרוס", "במשקל", "מעושן", "קלאסי", "פיקנטי"},
     {1000}},
    {MR_SOLD_BY_ML,
     690,
     0.30,
     {"חלב", "משקה סויה", "לבן", "שוקו", "שמנת"},
     {"3%", "1%", "מועשר", "דל לקטוז", "טבעי"},
     {250, 500, 1000, 2000}},
    {MR_SOLD_BY_GRAM,
     790,
     0.40,
     {"יוגורט", "גבינה לבנה", "קוטג'", "מעדן", "ריקוטה"},
     {"5%", "תות", "וניל", "אפרסק", "ביו", "שוקולד & קצפת"},
     {125, 150, 200, 250, 500}},
    {MR_SOLD_BY_GRAM,
     1990,
     0.35,
     {"גבינה מגורדת", "גבינת עיזים", "גבינה מותכת", "חמאה"},
     {"גאודה", "מוצרלה", "מלוחה", "לטוסט", "28%"},
     {100, 200, 250, 400}},
    {MR_SOLD_BY_GRAM,
     1290,
     0.35,
     {"לחם", "פיתות", "לחמניות", "באגט", "חלה"},
     {"אחיד", "כוסמין", "מחיטה מלאה", "פרוס", "ללא גלוטן", "שיפון"},
     {400, 500, 750, 1000}},
    {MR_SOLD_BY_GRAM,
     890,
     0.40,
     {"פסטה", "אורז", "קוסקוס", "בורגול", "פתיתים", "עדשים"},
     {"פנה", "בסמטי", "אפוי", "מלא", "דק", "יסמין"},
     {350, 500, 1000}},
    {MR_SOLD_BY_GRAM,
     790,
     0.45,
     {"קמח", "סוכר", "מלח", "אבקת אפיה", "פירורי לחם"},
     {"לבן", "חום", "מנופה", "דק", "מלא"},
     {80, 200, 500, 1000}},
    {MR_SOLD_BY_GRAM,
     990,
     0.40,
     {"תירס", "אפונה", "שעועית", "חומוס", "זיתים", "מלפפונים"},
     {"מתוק", "בחומץ", "במלח", "עדין", "חרוסים", "מגולענים"},
     {220, 400, 560}},
    {MR_SOLD_BY_GRAM,
     1490,
     0.45,
     {"טונה", "רסק עגבניות", "קטשופ", "מיונז", "טחינה"},
     {"בשמן", "במים", "אורגני", "לייט", "גולמית"},
     {100, 160, 340, 500, 750}},
    {MR_SOLD_BY_GRAM,
     1390,
     0.45,
     {"חטיף", "במבליות", "קרקר", "צ'יפס", "בייגלה"},
     {"מלוח", "גריל", "שומשום", "חמוץ-מתוק", "אגוזים"},
     {50, 80, 200, 300}},
    {MR_SOLD_BY_GRAM,
     1290,
     0.50,
     {"שוקולד", "עוגיות", "ופלים", "סוכריות", "חלווה"},
     {"מריר", "חלב", "לבן", "אגוזי לוז", "וניל", "ממולא"},
     {45, 100, 180, 250}},
    {MR_SOLD_BY_GRAM,
     1990,
     0.40,
     {"דגני בוקר", "גרנולה", "שיבולת שועל", "קורנפלקס"},
     {"דבש", "קקאו", "פירות יער", "מלא", "אגוזים"},
     {375, 500, 750}},
    {MR_SOLD_BY_GRAM,
     2690,
     0.45,
     {"קפה נמס", "קפה טורקי", "קקאו", "תה"},
     {"מגורען", "קלוי", "נטול", "חזק", "עם הל"},
     {100, 200, 250}},
    {MR_SOLD_BY_ML,
     890,
     0.45,
     {"מים מינרלים", "משקה מוגז", "מיץ", "סודה", "נקטר"},
     {"תפוזים", "לימון", "ענבים", "קולה", "אשכוליות", "בטעם אפרסק"},
     {330, 500, 1000, 1500}},
    {MR_SOLD_BY_ML,
     4490,
     0.55,
     {"יין אדום", "יין לבן", "בירה", "ליקר"},
     {"יבש", "חצי יבש", "לאגר", "בהירה", "מיוחד"},
     {330, 500, 750}},
    {MR_SOLD_BY_ML,
     2490,
     0.45,
     {"שמן", "חומץ", "רוטב סויה", "סירופ", "רוטב צ'ילי"},
     {"זית כתית", "קנולה", "תפוחים", "מופחת מלח", "מתוק"},
     {250, 500, 750, 1000}},
    {MR_SOLD_BY_ML,
     1990,
     0.45,
     {"שמפו", "מרכך", "סבון נוזלי", "ג'ל רחצה", "קרם גוף"},
     {"לבנדר", "שקדים", "אלוורה", "לשיער יבש", "עדין"},
     {250, 400, 700, 1000}},
    {MR_SOLD_BY_ML,
     2290,
     0.50,
     {"נוזל כלים", "אקונומיקה", "מרכך כביסה", "נוזל רצפות"},
     {"לימון", "מרוכז", "פרחים", "כחול", "אורן"},
     {500, 750, 1000, 2000, 4000}},
    {MR_SOLD_BY_PIECE,
     2490,
     0.55,
     {"נייר טואלט", "מגבות נייר", "שקיות אשפה", "מפיות"},
     {"דו שכבתי", "עבה", "לבן", "ריחני", "עם שרוך"},
     {1, 6, 24, 32, 50}},
    {MR_SOLD_BY_PIECE,
     1690,
     0.60,
     {"סוללות", "נרות", "גפרורים", "נורה", "מטלית", "ספוג"},
     {"AA", "מיקרופייבר", "לבנה", "יסוד", "ארוך", "לד"},
     {1, 2, 4, 10}},
    {MR_SOLD_BY_PIECE,
     4990,
     0.45,
     {"חיתולים", "מגבונים", "מברשת שיניים", "תחבושות"},
     {"לתינוק", "רך", "מידה 4", "מידה 5", "רגיל"},
     {1, 3, 16, 44, 64}},
    {MR_SOLD_BY_PIECE, 2690, 0.25, {"ביצים", "ביצי חופש"}, {"L", "M", "XL", "אורגני"}, {6, 12, 18}},
};
const size_t mr_shelf_count = MR_COUNT(mr_shelves);

static const char *const syllables[] = {"בר", "טל", "נו",  "מי", "דור", "לן", "קא", "רון", "שי",
                                        "גל", "פל", "זו",  "תמ", "ני",  "סו", "וי", "הד",  "לב",
                                        "רו", "מא", "צור", "יו", "כר",  "אש", "דק", "חן"};

static const char *const brand_prefixes[] = {"", "", "", "משק", "מעדני", "טעמי", "גני", "נווה"};

static const char *const maker_suffixes[] = {"תעשיות מזון בע\"מ", "שיווק", "יבוא והפצה בע\"מ",
                                             "מפעלי", "אחים"};

static const char *const chain_prefixes[] = {"סל", "שוק", "מרכול", "פארם", "כלבו"};

/* Home goods are most of any shop: the first row counts for two thirds. */
static const struct mr_country countries[] = {
    {"ישראל", "IL"}, {"איטליה", "IT"}, {"טורקיה", "TR"}, {"פולין", "PL"},
    {"ספרד", "ES"},  {"סין", "CN"},    {"גרמניה", "DE"}, {"צרפת", "FR"},
};

static const char *pick(struct mr_dice *dice, const char *const *list, size_t count)
{
    return list[mr_dice_below(dice, (uint32_t)count)];
}

const char *mr_words_pick(struct mr_dice *dice, const char *const list[MR_WORDS_MAX])
{
    size_t count = 0;

    while (count < MR_WORDS_MAX && list[count] != NULL) {
        count++;
    }
    return pick(dice, list, count);
}

const struct mr_country *mr_words_country(struct mr_dice *dice)
{
    if (mr_dice_below(dice, 3) < 2) {
        return &countries[0];
    }
    return &countries[mr_dice_below(dice, MR_COUNT(countries))];
}

/* Two or three syllables; what they spell is an accident. */
static const char *coin_word(struct mr_dice *dice, struct mr_arena *arena)
{
    const char *first = pick(dice, syllables, MR_COUNT(syllables));
    const char *second = pick(dice, syllables, MR_COUNT(syllables));
    const char *third = mr_dice_below(dice, 2) ? pick(dice, syllables, MR_COUNT(syllables)) : "";

    return mr_arena_print(arena, "%s%s%s", first, second, third);
}

static const char *join(struct mr_arena *arena, const char *first, const char *second)
{
    if (first == NULL || second == NULL) {
        return NULL;
    }
    return mr_arena_print(arena, "%s%s%s", first, first[0] ? " " : "", second);
}

const char *mr_words_brand(struct mr_dice *dice, struct mr_arena *arena)
{
    const char *prefix = pick(dice, brand_prefixes, MR_COUNT(brand_prefixes));

    return join(arena, prefix, coin_word(dice, arena));
}

const char *mr_words_maker(struct mr_dice *dice, struct mr_arena *arena, const char *brand)
{
    return join(arena, brand, pick(dice, maker_suffixes, MR_COUNT(maker_suffixes)));
}

const char *mr_words_chain(struct mr_dice *dice, struct mr_arena *arena)
{
    const char *prefix = pick(dice, chain_prefixes, MR_COUNT(chain_prefixes));

    return join(arena, prefix, coin_word(dice, arena));
}
