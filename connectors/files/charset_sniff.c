/* What a source is written in: byte-order mark, declaration, content. */
#include "connectors/files/charset.h"

#include <string.h>

const char *const mr_charset_names[] = {"auto",         "utf-8",      "utf-16le",     "utf-16be",
                                        "windows-1255", "iso-8859-8", "windows-1252", NULL};

static const struct {
    const char *name;
    enum mr_charset charset;
} aliases[] = {
    {"utf-8", MR_CHARSET_UTF_8},
    {"utf8", MR_CHARSET_UTF_8},
    {"us-ascii", MR_CHARSET_AUTO},
    {"ascii", MR_CHARSET_AUTO},
    {"utf-16", MR_CHARSET_AUTO},
    {"utf-16le", MR_CHARSET_AUTO},
    {"utf-16be", MR_CHARSET_AUTO},
    {"unicode", MR_CHARSET_AUTO},
    {"windows-1255", MR_CHARSET_WINDOWS_1255},
    {"cp1255", MR_CHARSET_WINDOWS_1255},
    {"x-cp1255", MR_CHARSET_WINDOWS_1255},
    {"iso-8859-8", MR_CHARSET_ISO_8859_8},
    {"iso8859-8", MR_CHARSET_ISO_8859_8},
    {"iso_8859-8", MR_CHARSET_ISO_8859_8},
    {"iso-8859-8-i", MR_CHARSET_ISO_8859_8},
    {"iso-8859-8-e", MR_CHARSET_ISO_8859_8},
    {"hebrew", MR_CHARSET_ISO_8859_8},
    {"logical", MR_CHARSET_ISO_8859_8},
    {"iso-8859-1", MR_CHARSET_WINDOWS_1252},
    {"iso8859-1", MR_CHARSET_WINDOWS_1252},
    {"latin1", MR_CHARSET_WINDOWS_1252},
    {"windows-1252", MR_CHARSET_WINDOWS_1252},
    {"cp1252", MR_CHARSET_WINDOWS_1252},
};

static bool begins_with(struct mr_span text, const char *head)
{
    const struct mr_span wanted = mr_span_text(head);

    return text.size >= wanted.size && memcmp(text.data, wanted.data, wanted.size) == 0;
}

static size_t sniff_mark(struct mr_span first, enum mr_charset *charset)
{
    if (begins_with(first, "\xEF\xBB\xBF")) {
        *charset = MR_CHARSET_UTF_8;
        return 3;
    }
    if (begins_with(first, "\xFF\xFE")) {
        *charset = MR_CHARSET_UTF_16LE;
        return 2;
    }
    if (begins_with(first, "\xFE\xFF")) {
        *charset = MR_CHARSET_UTF_16BE;
        return 2;
    }
    return 0;
}

/* Two letters of ASCII with zeros between them: "<?", "<R", but also "a,". */
static enum mr_charset sniff_zeros(struct mr_span first)
{
    const uint8_t *b = first.data;

    if (first.size < 4) {
        return MR_CHARSET_AUTO;
    }
    if (b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0) {
        return MR_CHARSET_UTF_16LE;
    }
    if (b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0) {
        return MR_CHARSET_UTF_16BE;
    }
    return MR_CHARSET_AUTO;
}

/* The value of encoding="..." in an XML declaration; empty: there is none. */
static struct mr_span declared_name(struct mr_span first)
{
    static const struct mr_span wanted = MR_SPAN("encoding");
    struct mr_span head = first;
    size_t at, end;
    uint8_t quote;

    if (!begins_with(first, "<?xml")) {
        return (struct mr_span){NULL, 0};
    }
    head.size = mr_span_find(first, (struct mr_span)MR_SPAN("?>"));
    at = mr_span_find(head, wanted) + wanted.size;
    while (at < head.size && head.data[at] != '"' && head.data[at] != '\'') {
        at++;
    }
    if (at >= head.size) {
        return (struct mr_span){NULL, 0};
    }
    quote = head.data[at++];
    for (end = at; end < head.size && head.data[end] != quote;) {
        end++;
    }
    return mr_span_trim((struct mr_span){head.data + at, end - at});
}

static void take_declaration(struct mr_decoder *decoder, struct mr_span name)
{
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (mr_span_is_nocase(name, aliases[i].name)) {
            decoder->declared = aliases[i].charset;
            return;
        }
    }
    if (name.size >= sizeof(decoder->unknown)) {
        name.size = sizeof(decoder->unknown) - 1;
    }
    for (size_t i = 0; i < name.size; i++) { /* it goes into a message */
        const uint8_t byte = name.data[i];

        decoder->unknown[i] = byte > ' ' && byte < 0x7F ? (char)byte : '?';
    }
}

size_t mr_decoder_begin(struct mr_decoder *decoder, struct mr_span first, enum mr_charset forced)
{
    enum mr_charset marked = MR_CHARSET_AUTO;
    const size_t mark_size = sniff_mark(first, &marked);
    const struct mr_span rest = {first.data + mark_size, first.size - mark_size};

    *decoder = (struct mr_decoder){.charset = forced, .is_xml = decoder->is_xml};
    if (forced != MR_CHARSET_AUTO) {
        return forced == marked ? mark_size : 0;
    }
    decoder->charset = marked != MR_CHARSET_AUTO ? marked : sniff_zeros(rest);
    if (decoder->charset == MR_CHARSET_AUTO) {
        take_declaration(decoder, declared_name(rest));
        if (decoder->declared == MR_CHARSET_UTF_8) {
            decoder->charset = MR_CHARSET_UTF_8;
        }
    }
    return mark_size;
}
