/* memory.h - makes one allocation of this thread fail.
 *
 *     memory_fail_at(3) ... the third allocation from here finds no memory ... memory_stop()
 *
 * What our code takes is counted, and what jansson and libcurl take for it; not what the C library
 * takes for itself. A program that wants it is called test_memory.c: it is linked so that malloc
 * and its like come by here (cmake/units.cmake). Other threads are not disturbed.
 */
#ifndef MR_TESTS_SUPPORT_MEMORY_H
#define MR_TESTS_SUPPORT_MEMORY_H

#include <stdbool.h>

void memory_open(void); /* in main(), before anything else */

void memory_fail_at(unsigned at); /* counted from 1 */
/* Nothing fails any more. true: it has come so far that one did. */
bool memory_stop(void);

#endif
