/* lex.h - CEL's words: names, numbers, the four quote forms, operators.
 *
 * One token at a time, so that a source is never held twice. Literals are
 * decoded here: escapes, code points above ASCII, octets in bytes. A number's
 * sign is the parser's, because -9223372036854775808 is one literal.
 */
#ifndef MR_CEL_LEX_H
#define MR_CEL_LEX_H

#include "processors/core/cel/source.h"

enum cel_token_kind {
    CEL_TOKEN_END,
    CEL_TOKEN_NAME,
    CEL_TOKEN_QUOTED_NAME, /* `content-type`, only after a dot */
    CEL_TOKEN_INT,         /* value.positive is the magnitude */
    CEL_TOKEN_UINT,
    CEL_TOKEN_DOUBLE,
    CEL_TOKEN_STRING,
    CEL_TOKEN_BYTES,
    CEL_TOKEN_MARK /* an operator or a bracket; text is it */
};

struct cel_token {
    enum cel_token_kind kind;
    size_t offset;
    struct mr_span text;   /* as written; of a quoted name, without the quotes */
    struct mr_value value; /* of a literal */
};

struct cel_lexer {
    struct cel_source *source;
    size_t at;
    struct cel_token token; /* the current one */
};

/* Moves to the next token; false: reported. */
bool cel_lex_next(struct cel_lexer *self);
bool cel_token_is(const struct cel_token *token, const char *mark);
/* Words that cannot be variables, though they can be fields. */
bool cel_name_is_reserved(struct mr_span name);

#endif
