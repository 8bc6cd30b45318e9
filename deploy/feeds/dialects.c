#include "deploy/feeds/dialects.h"

#include "deploy/feeds/columns.h"

#include <inttypes.h>
#include <string.h>

static const struct mr_column root_columns[] = {
    {"PriceUpdateDate", mr_put_updated},
    {"ItemCode", mr_put_code},
    {"ItemType", mr_put_type},
    {"ItemName", mr_put_name},
    {"ManufacturerName", mr_put_maker},
    {"ManufactureCountry", mr_put_country},
    {"ManufacturerItemDescription", mr_put_name},
    {"UnitQty", mr_put_units},
    {"Quantity", mr_put_quantity},
    {"UnitOfMeasure", mr_put_per},
    {"bIsWeighted", mr_put_weighted},
    {"QtyInPackage", mr_put_unknown},
    {"ItemPrice", mr_row_put_price},
    {"UnitOfMeasurePrice", mr_put_unit_price},
    {"AllowDiscount", mr_put_discountable},
    {"ItemStatus", mr_put_one},
    {"ItemId", mr_put_item_id},
    {NULL, NULL},
};

static const struct mr_column root_short_columns[] = {
    {"PriceUpdateDate", mr_put_updated},
    {"ItemCode", mr_put_code},
    {"ItemType", mr_put_type},
    {"ItemNm", mr_put_name},
    {"ManufacturerName", mr_put_maker},
    {"ManufactureCountry", mr_put_country},
    {"ManufacturerItemDescription", mr_put_name},
    {"UnitQty", mr_put_units},
    {"Quantity", mr_put_quantity},
    {"UnitOfMeasure", mr_put_per},
    {"blsWeighted", mr_put_weighted}, /* misspelt, as some real ones are */
    {"QtyInPackage", mr_put_one},
    {"ItemPrice", mr_row_put_price},
    {"UnitOfMeasurePrice", mr_put_unit_price},
    {"AllowDiscount", mr_put_discountable},
    {"ItemStatus", mr_put_one},
    {NULL, NULL},
};

static const struct mr_column prices_columns[] = {
    {"PriceUpdateDate", mr_put_updated},
    {"ItemCode", mr_put_code},
    {"ItemType", mr_put_type},
    {"ItemName", mr_put_name},
    {"ManufactureName", mr_put_maker},
    {"ManufactureCountry", mr_put_country_code},
    {"ManufactureItemDescription", NULL},
    {"UnitQty", mr_put_unit},
    {"Quantity", mr_put_quantity},
    {"UnitMeasure", mr_put_per},
    {"BisWeighted", mr_put_weighted},
    {"QtyInPackage", mr_put_one},
    {"ItemPrice", mr_row_put_price},
    {"UnitOfMeasurePrice", mr_put_unit_price_short},
    {"AllowDiscount", mr_put_discountable},
    {"itemStatus", mr_put_one},
    {"LastUpdateDate", NULL},
    {"LastUpdateTime", NULL},
    {NULL, NULL},
};

static const struct mr_column order_columns[] = {
    {"PriceUpdateDate", mr_put_updated},
    {"ItemCode", mr_put_code},
    {"ItemType", mr_put_type},
    {"ItemName", mr_put_name},
    {"ManufacturerName", mr_put_maker},
    {"ManufactureCountry", mr_put_country},
    {"ManufacturerItemDescription", mr_put_name},
    {"UnitQty", mr_put_units},
    {"Quantity", mr_put_quantity},
    {"bIsWeighted", mr_put_weighted},
    {"UnitOfMeasure", mr_put_per},
    {"QtyInPackage", mr_put_one},
    {"ItemPrice", mr_row_put_price},
    {"UnitOfMeasurePrice", mr_put_unit_price_short},
    {"AllowDiscount", mr_put_discountable},
    {"ItemStatus", mr_put_one},
    {NULL, NULL},
};

static const struct mr_column csv_columns[] = {
    {"רשת", mr_put_chain_name},         {"מזהה רשת", mr_put_chain_id},
    {"מזהה חנות", mr_put_store_id},     {"ברקוד", mr_put_code},
    {"שם מוצר", mr_put_name},           {"יצרן", mr_put_maker},
    {"ארץ ייצור", mr_put_country_code}, {"כמות", mr_put_quantity},
    {"יחידת מידה", mr_put_per},         {"יחידת כמות", mr_put_unit},
    {"מחיר (₪)", mr_row_put_price},     {"מחיר ליחידה (₪)", mr_put_unit_price_short},
    {"שקיל", mr_put_weighted},          {"כמות באריזה", mr_put_unknown},
    {"מותר הנחה", mr_put_discountable}, {"סטטוס", mr_put_one},
    {"עודכן", mr_put_updated},          {NULL, NULL},
};

static void put_root_head(struct mr_ink *out, const struct mr_head *head)
{
    mr_ink_text(out, "<Root>\r\n  <XmlDocVersion>19</XmlDocVersion>\r\n");
    mr_ink_print(out, "  <ChainId>%s</ChainId>\r\n  <SubChainId>1</SubChainId>\r\n",
                 head->chain->id);
    mr_ink_print(out, "  <StoreId>%s</StoreId>\r\n  <BikoretNo>4</BikoretNo>\r\n", head->store_id);
    mr_ink_print(out, "  <DllVerNo>9.4.0.50</DllVerNo>\r\n  <Items Count=\"%" PRIu32 "\">\r\n",
                 head->row_count);
}

static void put_root_short_head(struct mr_ink *out, const struct mr_head *head)
{
    mr_ink_print(out, "<Root>\r\n  <ChainId>%s</ChainId>\r\n  <SubChainId>1</SubChainId>\r\n",
                 head->chain->id);
    mr_ink_print(out, "  <StoreId>%s</StoreId>\r\n  <BikoretNo>8</BikoretNo>\r\n  <Items>\r\n",
                 head->store_id);
}

static void put_prices_head(struct mr_ink *out, const struct mr_head *head)
{
    mr_ink_print(out, "<Prices>\r\n  <ChainID>%s</ChainID>\r\n  <SubChainID>001</SubChainID>\r\n",
                 head->chain->id);
    mr_ink_print(out, "  <StoreID>%s</StoreID>\r\n  <BikoretNo>000</BikoretNo>\r\n  <Products>\r\n",
                 head->store_id);
}

static void put_order_head(struct mr_ink *out, const struct mr_head *head)
{
    mr_ink_text(out, "<OrderXml xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\r\n");
    mr_ink_print(out, "\t<Envelope>\r\n\t\t<ChainId>%s</ChainId>\r\n", head->chain->id);
    mr_ink_print(out, "\t\t<SubChainId>100</SubChainId>\r\n\t\t<StoreId>%s</StoreId>\r\n",
                 head->store_id);
    mr_ink_text(out, "\t\t<BikoretNo>7</BikoretNo>\r\n\t\t<Header>\r\n\t\t\t<Details>\r\n");
}

static void put_csv_head(struct mr_ink *out, const struct mr_head *head)
{
    (void)head;
    for (const struct mr_column *column = csv_columns; column->name != NULL; column++) {
        mr_ink_text(out, column == csv_columns ? "" : ",");
        mr_ink_csv(out, mr_span_text(column->name));
    }
    mr_ink_text(out, "\n");
}

static void put_price_with_letter(struct mr_ink *value, int64_t agorot)
{
    uint8_t *zero;

    mr_ink_price(value, agorot);
    zero = memchr(value->data, '0', value->size);
    if (zero != NULL) {
        *zero = 'O';
    } else {
        mr_ink_byte(value, 'O');
    }
}

void mr_row_put_price(struct mr_ink *value, const struct mr_row *row)
{
    switch (row->flaw) {
    case MR_FLAW_LETTER:
        put_price_with_letter(value, row->agorot);
        break;
    case MR_FLAW_NEGATIVE:
        mr_ink_text(value, "-");
        mr_ink_price(value, row->agorot);
        break;
    case MR_FLAW_ZERO:
        mr_ink_price(value, 0);
        break;
    default:
        mr_ink_price(value, row->agorot);
    }
}

static void put_element(struct mr_ink *out, const char *indent, const char *name,
                        struct mr_span value)
{
    mr_ink_text(out, indent);
    mr_ink_text(out, "<");
    mr_ink_text(out, name);
    if (value.size == 0) {
        mr_ink_text(out, " />\r\n");
        return;
    }
    mr_ink_text(out, ">");
    mr_ink_xml(out, value);
    mr_ink_text(out, "</");
    mr_ink_text(out, name);
    mr_ink_text(out, ">\r\n");
}

static struct mr_span value_of(const struct mr_column *column, struct mr_ink *scratch,
                               const struct mr_row *row)
{
    scratch->size = 0;
    if (column->put != NULL) {
        column->put(scratch, row);
    }
    return mr_ink_span(scratch);
}

static void put_xml_row(struct mr_ink *out, struct mr_ink *scratch, const struct mr_row *row)
{
    const struct mr_dialect *dialect = row->dialect;

    mr_ink_print(out, "%s<%s>\r\n", dialect->indent, dialect->row_tag);
    for (const struct mr_column *column = dialect->columns; column->name != NULL; column++) {
        put_element(out, dialect->value_indent, column->name, value_of(column, scratch, row));
    }
    mr_ink_print(out, "%s</%s>\r\n", dialect->indent, dialect->row_tag);
}

static void put_csv_row(struct mr_ink *out, struct mr_ink *scratch, const struct mr_row *row)
{
    const struct mr_column *columns = row->dialect->columns;

    for (const struct mr_column *column = columns; column->name != NULL; column++) {
        if (column != columns) {
            mr_ink_byte(out, ',');
        }
        mr_ink_csv(out, value_of(column, scratch, row));
    }
    mr_ink_byte(out, '\n');
}

void mr_row_put(struct mr_ink *out, struct mr_ink *scratch, const struct mr_row *row)
{
    if (row->dialect->row_tag == NULL) {
        put_csv_row(out, scratch, row);
    } else {
        put_xml_row(out, scratch, row);
    }
}

const struct mr_dialect mr_dialect_root = {
    .name = "root",
    .columns = root_columns,
    .row_tag = "Item",
    .indent = "    ",
    .value_indent = "      ",
    .tail = "  </Items>\r\n</Root>",
    .empty = "<Root />",
    .time_format = "%Y-%m-%d %H:%M:%S",
    .unknown = MR_UNKNOWN_WORD,
    .size_gap = " ",
    .put_head = put_root_head,
};

const struct mr_dialect mr_dialect_root_short = {
    .name = "root_short",
    .columns = root_short_columns,
    .row_tag = "Item",
    .indent = "    ",
    .value_indent = "      ",
    .tail = "  </Items>\r\n</Root>",
    .empty = "<Root />",
    .time_format = "%Y-%m-%d %H:%M:00",
    .unknown = MR_UNKNOWN_WORD,
    .size_gap = "  ",
    .put_head = put_root_short_head,
};

const struct mr_dialect mr_dialect_prices = {
    .name = "prices",
    .columns = prices_columns,
    .row_tag = "Product",
    .indent = "    ",
    .value_indent = "      ",
    .tail = "  </Products>\r\n</Prices>",
    .empty = "<Prices />",
    .time_format = "%Y/%m/%d %H:%M",
    .unknown = "",
    .size_gap = " – ",
    .put_head = put_prices_head,
};

const struct mr_dialect mr_dialect_order = {
    .name = "order",
    .columns = order_columns,
    .row_tag = "Line",
    .indent = "\t\t\t\t",
    .value_indent = "\t\t\t\t\t",
    .tail = "\t\t\t</Details>\r\n\t\t</Header>\r\n\t</Envelope>\r\n</OrderXml>",
    .empty = "<OrderXml />",
    .time_format = "%Y-%m-%d %H:%M:%S",
    .unknown = MR_UNKNOWN_WORD,
    .size_gap = " – ",
    .put_head = put_order_head,
};

const struct mr_dialect mr_dialect_csv = {
    .name = "csv",
    .columns = csv_columns,
    .tail = "",
    .empty = "",
    .time_format = "%Y-%m-%d %H:%M:%S",
    .unknown = MR_UNKNOWN_WORD,
    .size_gap = "\n ",
    .put_head = put_csv_head,
};
