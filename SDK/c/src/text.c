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

/* Copies a stranger's text: what is no UTF-8 and what would move a terminal becomes `?`. */
void sn_copy_text(char *to, size_t room, const void *from, size_t size)
{
    const uint8_t *bytes = from;
    size_t used = 0, place = 0;
    while (place < size) {
        size_t length = sn_utf8_length(bytes + place, size - place);
        bool is_control = bytes[place] < 0x20 || bytes[place] == 0x7f
                          || (length == 2 && bytes[place] == 0xc2 && bytes[place + 1] < 0xa0);
        if (used + (length == 0 ? 1 : length) >= room) break;
        if (length == 0 || is_control)
            to[used++] = '?';
        else
            for (size_t part = 0; part < length; part++) to[used++] = (char)bytes[place + part];
        place += length == 0 ? 1 : length;
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
