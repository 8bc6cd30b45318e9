#include "cli/series/plot.h"

#include "cli/series/axis.h"

#include <math.h>

#define WIDTH 1000
#define HEIGHT 420
#define LEFT 70
#define RIGHT 20
#define TOP 56
#define VALUES_HEIGHT 230
#define GAP 24
#define SCORES_HEIGHT 60
#define SCORES_TOP (TOP + VALUES_HEIGHT + GAP)
#define BOTTOM (SCORES_TOP + SCORES_HEIGHT)
#define COLUMNS (WIDTH - LEFT - RIGHT)
#define TICKS_MAX 16

static const char style[] = "<style>"
                            "text{font:12px sans-serif;fill:#444}"
                            ".title{font-size:15px;fill:#111}"
                            ".grid{stroke:#e4e4e4}"
                            ".frame{fill:none;stroke:#999}"
                            ".band{fill:#cfe3f7;shape-rendering:crispEdges}"
                            ".expected{fill:none;stroke:#5b9bd5;stroke-dasharray:4 3}"
                            ".value{fill:none;stroke:#222;stroke-linejoin:round}"
                            ".score{fill:none;stroke:#777}"
                            ".limit{stroke:#c0392b;stroke-dasharray:4 3}"
                            ".alarm{fill:#c0392b;stroke:#fff}"
                            ".mark{stroke:#c0392b;stroke-opacity:.35}"
                            "</style>\n";

enum line { VALUE, EXPECTED, SCORE, BAND_LOW, BAND_HIGH };

/* What is drawn and how it is placed. */
struct canvas {
    const struct mr_plot *plot;
    FILE *stream;
    struct mr_axis time, value;
};

static double number_of(const struct mr_plot *plot, enum line line, size_t row)
{
    const struct mr_judgement *judgement = &plot->judgements[row];

    switch (line) {
    case EXPECTED:
        return judgement->expected;
    case SCORE:
        return judgement->score;
    case BAND_LOW:
        return judgement->band_low;
    case BAND_HIGH:
        return judgement->band_high;
    case VALUE:
    default:
        return plot->series->values[row];
    }
}

static double x_of(const struct canvas *canvas, size_t row)
{
    return LEFT +
           COLUMNS * mr_axis_share(&canvas->time, (double)canvas->plot->series->times_ms[row]);
}

static double y_of(const struct canvas *canvas, enum line line, double number)
{
    double share;

    if (line == SCORE) {
        return BOTTOM - SCORES_HEIGHT * number;
    }
    share = mr_axis_share(&canvas->value, number);
    share = share < 0 ? 0 : share > 1 ? 1 : share; /* a band may leave the picture */
    return TOP + VALUES_HEIGHT - VALUES_HEIGHT * share;
}

/* The rows of one column of pixels: the first, the extremes and the last say all that can be seen.
 */
struct column {
    int x; /* -1: none yet */
    size_t first, lowest, highest, last;
};

static void put_row(const struct canvas *canvas, enum line line, size_t row)
{
    (void)fprintf(canvas->stream, "%.1f,%.1f ", x_of(canvas, row),
                  y_of(canvas, line, number_of(canvas->plot, line, row)));
}

static void put_column(const struct canvas *canvas, enum line line, const struct column *column)
{
    const size_t low = column->lowest, high = column->highest;
    const size_t rows[] = {column->first, low < high ? low : high, low < high ? high : low,
                           column->last};

    for (size_t i = 0; column->x >= 0 && i < MR_COUNT(rows); i++) {
        if (i == 0 || rows[i] != rows[i - 1]) {
            put_row(canvas, line, rows[i]);
        }
    }
}

static void add_row(const struct canvas *canvas, enum line line, struct column *column, size_t row)
{
    const double number = number_of(canvas->plot, line, row);
    const int x = (int)x_of(canvas, row);

    if (column->x != x) {
        put_column(canvas, line, column);
        *column = (struct column){x, row, row, row, row};
        return;
    }
    column->last = row;
    if (number < number_of(canvas->plot, line, column->lowest)) {
        column->lowest = row;
    }
    if (number > number_of(canvas->plot, line, column->highest)) {
        column->highest = row;
    }
}

/* A polyline for each stretch without a gap. */
static void draw_line(const struct canvas *canvas, enum line line, const char *class)
{
    struct column column = {.x = -1};
    bool is_open = false;

    for (size_t row = 0; row < canvas->plot->series->count; row++) {
        const bool is_there = isfinite(number_of(canvas->plot, line, row));

        if (is_there && !is_open) {
            (void)fprintf(canvas->stream, "<polyline class=\"%s\" points=\"", class);
            column.x = -1;
        }
        if (is_there) {
            add_row(canvas, line, &column, row);
        } else if (is_open) {
            put_column(canvas, line, &column);
            (void)fputs("\"/>\n", canvas->stream);
        }
        is_open = is_there;
    }
    if (is_open) {
        put_column(canvas, line, &column);
        (void)fputs("\"/>\n", canvas->stream);
    }
}

/* A rectangle of the band: from where it began to where the next one does. */
struct strip {
    bool is_there;
    double x, low, high;
};

/* The band at a row; an open end reaches to the frame. */
static struct strip strip_at(const struct canvas *canvas, size_t row)
{
    const double low = canvas->plot->judgements[row].band_low;
    const double high = canvas->plot->judgements[row].band_high;

    return (struct strip){!isnan(low) || !isnan(high), x_of(canvas, row),
                          isnan(low) ? TOP + VALUES_HEIGHT : y_of(canvas, BAND_LOW, low),
                          isnan(high) ? TOP : y_of(canvas, BAND_HIGH, high)};
}

static void put_strip(const struct canvas *canvas, const struct strip *strip, double right)
{
    if (strip->is_there) {
        (void)fprintf(canvas->stream, "<path class=\"band\" d=\"M%.1f %.1fH%.1fV%.1fH%.1fz\"/>\n",
                      strip->x, strip->high, fmax(right, strip->x + 1), strip->low, strip->x);
    }
}

/* Of the rows that fall on one column of pixels, the band is as wide as it was at its widest. */
static void draw_band(const struct canvas *canvas)
{
    struct strip strip = {.is_there = false};

    for (size_t row = 0; row < canvas->plot->series->count; row++) {
        const struct strip next = strip_at(canvas, row);

        if (next.is_there && strip.is_there && next.x >= strip.x && next.x < strip.x + 1) {
            strip.low = fmax(strip.low, next.low); /* y grows downwards */
            strip.high = fmin(strip.high, next.high);
        } else {
            put_strip(canvas, &strip, next.x);
            strip = next;
        }
    }
    put_strip(canvas, &strip, LEFT + COLUMNS);
}

static void draw_alarms(const struct canvas *canvas)
{
    for (size_t row = 0; row < canvas->plot->series->count; row++) {
        if (canvas->plot->judgements[row].is_anomaly) {
            const double x = x_of(canvas, row);
            const double value = number_of(canvas->plot, VALUE, row);

            (void)fprintf(canvas->stream,
                          "<path class=\"mark\" d=\"M%.1f %dV%d\"/>"
                          "<circle class=\"alarm\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
                          x, TOP, BOTTOM, x,
                          y_of(canvas, VALUE, isfinite(value) ? value : canvas->value.low));
        }
    }
}

static void draw_grid(const struct canvas *canvas)
{
    double ticks[TICKS_MAX];
    char label[MR_AXIS_LABEL_SIZE];
    size_t count = mr_axis_ticks(&canvas->value, ticks, TICKS_MAX);

    for (size_t i = 0; i < count; i++) {
        const double y = y_of(canvas, VALUE, ticks[i]);

        mr_axis_label(&canvas->value, ticks[i], label);
        (void)fprintf(canvas->stream,
                      "<path class=\"grid\" d=\"M%d %.1fH%d\"/>"
                      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                      LEFT, y, LEFT + COLUMNS, LEFT - 8, y + 4, label);
    }
    count = mr_axis_ticks(&canvas->time, ticks, TICKS_MAX);
    for (size_t i = 0; i < count; i++) {
        const double x = LEFT + COLUMNS * mr_axis_share(&canvas->time, ticks[i]);

        mr_axis_label(&canvas->time, ticks[i], label);
        (void)fprintf(canvas->stream,
                      "<path class=\"grid\" d=\"M%.1f %dV%d\"/>"
                      "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                      x, TOP, BOTTOM, x, BOTTOM + 18, label);
    }
    (void)fprintf(canvas->stream,
                  "<path class=\"limit\" d=\"M%d %.1fH%d\"/>"
                  "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">0.5</text>\n",
                  LEFT, BOTTOM - SCORES_HEIGHT * 0.5, LEFT + COLUMNS, LEFT - 8,
                  BOTTOM - SCORES_HEIGHT * 0.5 + 4);
}

static void put_text(const char *text, FILE *stream)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            (void)fputs("&lt;", stream);
            break;
        case '&':
            (void)fputs("&amp;", stream);
            break;
        default:
            (void)fputc((unsigned char)*text < ' ' ? ' ' : *text, stream);
        }
    }
}

static void draw_legend(FILE *stream)
{
    static const struct {
        const char *label;
        const char *class;
        const char *path;
    } rows[] = {
        {"value", "value", "M0 8H24"},
        {"expected", "expected", "M0 8H24"},
        {"band: no alarm inside", "band", "M0 2H24V14H0z"},
        {"alarm", "alarm", "M8 8a4 4 0 1 0 8 0a4 4 0 1 0 -8 0"},
        {"score, below", "score", "M0 8H24"},
    };
    static const int places[] = {0, 85, 185, 355, 435};

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        (void)fprintf(stream,
                      "<g transform=\"translate(%d,32)\"><path class=\"%s\" d=\"%s\"/>"
                      "<text x=\"30\" y=\"12\">%s</text></g>\n",
                      LEFT + places[i], rows[i].class, rows[i].path, rows[i].label);
    }
}

static void draw_frames(FILE *stream)
{
    (void)fprintf(stream,
                  "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                  "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
                  LEFT, TOP, COLUMNS, VALUES_HEIGHT, LEFT, SCORES_TOP, COLUMNS, SCORES_HEIGHT);
}

static void measure(struct canvas *canvas)
{
    const struct mr_series *series = canvas->plot->series;

    mr_axis_begin(&canvas->time, MR_AXIS_TIME);
    mr_axis_begin(&canvas->value, MR_AXIS_NUMBER);
    for (size_t row = 0; row < series->count; row++) {
        mr_axis_add(&canvas->time, (double)series->times_ms[row]);
        mr_axis_add(&canvas->value, series->values[row]);
    }
    mr_axis_end(&canvas->time, 8);
    mr_axis_end(&canvas->value, 5);
}

void mr_plot_write(const struct mr_plot *plot, FILE *stream)
{
    struct canvas canvas = {.plot = plot, .stream = stream};

    measure(&canvas);
    (void)fprintf(stream,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\">\n%s<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
                  "<text class=\"title\" x=\"%d\" y=\"22\">",
                  WIDTH, HEIGHT, WIDTH, HEIGHT, style, WIDTH, HEIGHT, LEFT);
    put_text(plot->title, stream);
    (void)fputs("</text>\n", stream);
    draw_legend(stream);
    draw_band(&canvas);
    draw_grid(&canvas);
    draw_line(&canvas, EXPECTED, "expected");
    draw_line(&canvas, VALUE, "value");
    draw_line(&canvas, SCORE, "score");
    draw_alarms(&canvas);
    draw_frames(stream);
    (void)fputs("</svg>\n", stream);
}
