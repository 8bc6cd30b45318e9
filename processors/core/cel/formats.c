/* Whether a text is a mail address, a host, an IP address, a URI, a UUID: the functions that
 * Confluent's rules and protovalidate add to the language. Each looks at a byte once.
 *
 * Hosts: RFC 1123, the last label not all digits. Mail addresses: the HTML standard's "valid e-mail
 * address". URIs: RFC 3986. UUIDs: RFC 9562's text. */
#include "processors/core/cel/functions.h"
#include "processors/core/cel/text.h"

#include <arpa/inet.h>
#include <string.h>

#define CALL(name) \
    static struct mr_value name(struct cel_run *run, const struct mr_value *args, uint32_t count)

#define HOST_SIZE_MAX 253
#define LABEL_SIZE_MAX 63

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_hex(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool is_one_of(uint8_t byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

/* Cuts text at the first of a byte: what is before it, and, where it is there, what is behind. */
static struct mr_span cut(struct mr_span *text, char at, bool *is_there)
{
    const uint8_t *found = text->size > 0 ? memchr(text->data, at, text->size) : NULL;
    const struct mr_span head = {text->data, found ? (size_t)(found - text->data) : text->size};

    *is_there = found != NULL;
    if (found != NULL) {
        *text = (struct mr_span){found + 1, text->size - head.size - 1};
    }
    return head;
}

static bool is_label(struct mr_span label)
{
    if (label.size == 0 || label.size > LABEL_SIZE_MAX || label.data[0] == '-' ||
        label.data[label.size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.size; i++) {
        if (!is_letter(label.data[i]) && !is_digit(label.data[i]) && label.data[i] != '-') {
            return false;
        }
    }
    return true;
}

/* *is_number: the last label has nothing but digits. */
static bool has_labels(struct mr_span text, bool *is_number)
{
    bool is_more = true;

    while (is_more) {
        struct mr_span label = cut(&text, '.', &is_more);

        if (!is_label(label)) {
            return false;
        }
        *is_number = true;
        for (size_t i = 0; i < label.size; i++) {
            *is_number = *is_number && is_digit(label.data[i]);
        }
    }
    return true;
}

static bool is_hostname(struct mr_span text)
{
    bool is_number;

    if (text.size > 0 && text.data[text.size - 1] == '.') { /* of the root */
        text.size--;
    }
    return text.size <= HOST_SIZE_MAX && has_labels(text, &is_number) && !is_number;
}

static bool is_email(struct mr_span text)
{
    bool is_there, is_number;
    const struct mr_span local = cut(&text, '@', &is_there);

    for (size_t i = 0; i < local.size; i++) {
        if (!is_letter(local.data[i]) && !is_digit(local.data[i]) &&
            !is_one_of(local.data[i], ".!#$%&'*+/=?^_`{|}~-")) {
            return false;
        }
    }
    return is_there && local.size > 0 && has_labels(text, &is_number);
}

static bool is_address(struct mr_span text, int family)
{
    char copy[INET6_ADDRSTRLEN];
    uint8_t address[sizeof(struct in6_addr)];

    if (text.size >= sizeof(copy) || (text.size > 0 && memchr(text.data, '\0', text.size))) {
        return false;
    }
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    copy[text.size] = '\0';
    return inet_pton(family, copy, address) == 1;
}

/* With a zone, as in fe80::1%eth0, it is one too. */
static bool is_ipv6(struct mr_span text)
{
    bool has_zone;
    const struct mr_span address = cut(&text, '%', &has_zone);

    return is_address(address, AF_INET6) && (!has_zone || text.size > 0);
}

static bool is_uuid(struct mr_span text)
{
    for (size_t i = 0; i < text.size; i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_dash ? text.data[i] != '-' : !is_hex(text.data[i])) {
            return false;
        }
    }
    return text.size == 36;
}

/* Unreserved, sub-delimiters, escapes, and what else is allowed there. */
static bool is_spelt(struct mr_span text, const char *also)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];

        if (byte == '%') {
            if (text.size - i < 3 || !is_hex(text.data[i + 1]) || !is_hex(text.data[i + 2])) {
                return false;
            }
            i += 2;
        } else if (!is_letter(byte) && !is_digit(byte) && !is_one_of(byte, "-._~!$&'()*+,;=") &&
                   !is_one_of(byte, also)) {
            return false;
        }
    }
    return true;
}

/* What stands between [ and ]: IPv6, or "v1.something" for what may come. */
static bool is_ip_literal(struct mr_span text)
{
    bool has_dot;
    struct mr_span version;

    if (text.size == 0 || (text.data[0] != 'v' && text.data[0] != 'V')) {
        return is_address(text, AF_INET6);
    }
    text = (struct mr_span){text.data + 1, text.size - 1};
    version = cut(&text, '.', &has_dot);
    for (size_t i = 0; i < version.size; i++) {
        if (!is_hex(version.data[i])) {
            return false;
        }
    }
    return has_dot && version.size > 0 && text.size > 0 &&
           memchr(text.data, '%', text.size) == NULL && is_spelt(text, ":");
}

static bool is_port(struct mr_span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
    }
    return true;
}

/* [user@]host[:port] */
static bool is_authority(struct mr_span text)
{
    bool is_there;
    struct mr_span host, rest = text;
    const struct mr_span user = cut(&rest, '@', &is_there);

    if (is_there && !is_spelt(user, ":")) {
        return false;
    }
    if (rest.size > 0 && rest.data[0] == '[') {
        rest = (struct mr_span){rest.data + 1, rest.size - 1};
        host = cut(&rest, ']', &is_there);
        return is_there && is_ip_literal(host) &&
               (rest.size == 0 ||
                (rest.data[0] == ':' && is_port((struct mr_span){rest.data + 1, rest.size - 1})));
    }
    host = cut(&rest, ':', &is_there);
    return is_spelt(host, "") && (!is_there || is_port(rest));
}

/* [//authority]path[?query][#fragment] */
static bool is_hierarchy(struct mr_span text)
{
    bool is_there;
    struct mr_span rest = text, query, path = cut(&rest, '#', &is_there);

    if (is_there && !is_spelt(rest, ":@/?")) {
        return false;
    }
    query = path;
    path = cut(&query, '?', &is_there);
    if (is_there && !is_spelt(query, ":@/?")) {
        return false;
    }
    if (path.size >= 2 && path.data[0] == '/' && path.data[1] == '/') {
        struct mr_span behind = {path.data + 2, path.size - 2};
        const size_t size = behind.size;
        const struct mr_span authority = cut(&behind, '/', &is_there);

        if (!is_authority(authority)) {
            return false;
        }
        path = (struct mr_span){authority.data + authority.size, size - authority.size};
    }
    return is_spelt(path, ":@/");
}

/* The size of "scheme:"; 0: there is none. */
static size_t scheme_size(struct mr_span text)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];

        if (byte == ':') {
            return i == 0 ? 0 : i + 1;
        }
        if (!is_letter(byte) && (i == 0 || (!is_digit(byte) && !is_one_of(byte, "+-.")))) {
            return 0;
        }
    }
    return 0;
}

static bool is_uri(struct mr_span text)
{
    const size_t size = scheme_size(text);

    return size > 0 && is_hierarchy((struct mr_span){text.data + size, text.size - size});
}

/* A URI, or what is relative to one: then no colon before the first slash. */
static bool is_uri_reference(struct mr_span text)
{
    if (scheme_size(text) > 0) {
        return is_uri(text);
    }
    for (size_t i = 0; i < text.size && !is_one_of(text.data[i], "/?#"); i++) {
        if (text.data[i] == ':') {
            return false;
        }
    }
    return is_hierarchy(text);
}

static struct mr_value answer(struct cel_run *run, const struct mr_value *text,
                              bool (*is_so)(struct mr_span))
{
    const struct mr_span span = mr_value_span(text);

    return cel_spend(run, span.size / 16) ? mr_value_bool(is_so(span))
                                          : cel_fault(MR_CEL_FAULT_FUEL);
}

static bool is_ipv4(struct mr_span text)
{
    return is_address(text, AF_INET);
}

static bool is_ip(struct mr_span text)
{
    return is_ipv4(text) || is_ipv6(text);
}

#define IS(name, is_so) \
    CALL(name) \
    { \
        (void)count; \
        return answer(run, &args[0], is_so); \
    }

IS(hostname, is_hostname)
IS(email, is_email)
IS(ip, is_ip)
IS(ipv4, is_ipv4)
IS(ipv6, is_ipv6)
IS(uri, is_uri)
IS(uri_reference, is_uri_reference)
IS(uuid, is_uuid)

/* No version but 4 and 6 has addresses; 0 is either. */
CALL(ip_version)
{
    const int64_t version = args[1].number;

    (void)count;
    return version == 0   ? answer(run, &args[0], is_ip)
           : version == 4 ? answer(run, &args[0], is_ipv4)
           : version == 6 ? answer(run, &args[0], is_ipv6)
                          : mr_value_bool(false);
}

static const struct cel_overload rows[] = {
    {"isEmail", "s", "b", email, CEL_MEMBER, NULL},
    {"isHostname", "s", "b", hostname, CEL_MEMBER, NULL},
    {"isIp", "s", "b", ip, CEL_MEMBER, NULL},
    {"isIp", "si", "b", ip_version, CEL_MEMBER, NULL},
    {"isIpv4", "s", "b", ipv4, CEL_MEMBER, NULL},
    {"isIpv6", "s", "b", ipv6, CEL_MEMBER, NULL},
    {"isUri", "s", "b", uri, CEL_MEMBER, NULL},
    {"isUriRef", "s", "b", uri_reference, CEL_MEMBER, NULL},
    {"isUuid", "s", "b", uuid, CEL_MEMBER, NULL},
};

const struct cel_library cel_formats = {rows, MR_COUNT(rows)};
