/* Words for people: what went wrong last, and the log. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int sn_fault(spacenode *plugin, int status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(plugin->text, sizeof plugin->text, format, values);
    va_end(values);
    return status;
}

void sn_log(spacenode *plugin, const char *format, ...)
{
    char line[SPACENODE_TEXT_BYTES + 64];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (plugin->log != NULL)
        plugin->log(line, plugin->context);
    else
        fprintf(stderr, "%s: %s\n", plugin->identity.name, line);
}

/* Copies a stranger's text: all but printable ASCII becomes `?`, as it may end on a terminal. */
void sn_copy_text(char *to, size_t room, const void *from, size_t size)
{
    const uint8_t *bytes = from;
    size_t used = 0;
    for (size_t place = 0; place < size && used + 1 < room; place++) {
        uint8_t byte = bytes[place];
        to[used++] = byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
    }
    to[used] = 0;
}

bool sn_is_name(const char *name)
{
    size_t size = strlen(name);
    if (size < 1 || size > 48) return false;
    for (size_t place = 0; place < size; place++) {
        char letter = name[place];
        if (!((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '.'
              || letter == '-'))
            return false;
    }
    return true;
}

#ifdef SPACENODE_MUTANTS
bool sn_mutant(const char *name)
{
    const char *wanted = getenv("SPACENODE_MUTANT");
    return wanted != NULL && strcmp(wanted, name) == 0;
}
#endif
