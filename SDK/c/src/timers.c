/* Functions that are called later: at a time, and when there is credit. */
#include "internal.h"

#include <stdlib.h>

/* --- Timers: a heap, the next one first --- */

static void swap(struct sn_timer *one, struct sn_timer *other)
{
    struct sn_timer kept = *one;
    *one = *other;
    *other = kept;
}

static void sift_up(struct sn_timer *timers, size_t place)
{
    while (place > 0 && timers[place].due < timers[(place - 1) / 2].due) {
        swap(&timers[place], &timers[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
}

static void sift_down(struct sn_timer *timers, size_t count, size_t place)
{
    for (;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2 && child < count; child++)
            if (timers[child].due < timers[least].due) least = child;
        if (least == place) return;
        swap(&timers[place], &timers[least]);
        place = least;
    }
}

static void remove_timer(spacenode *plugin, size_t place)
{
    plugin->timers[place] = plugin->timers[--plugin->timer_count];
    if (place >= plugin->timer_count) return;
    sift_up(plugin->timers, place);
    sift_down(plugin->timers, plugin->timer_count, place);
}

uint64_t spacenode_after(spacenode *plugin, uint32_t milliseconds, spacenode_timer *function, void *context)
{
    if (plugin->timer_count >= SPACENODE_MAX_TIMERS) return 0;
    if (plugin->timer_count == plugin->timer_room) {
        size_t room = plugin->timer_room == 0 ? 16 : 2 * plugin->timer_room;
        struct sn_timer *wider = realloc(plugin->timers, room * sizeof *wider);
        if (wider == NULL) return 0;
        plugin->timers = wider;
        plugin->timer_room = room;
    }
    struct sn_timer timer = {.due = plugin->now + milliseconds, .number = ++plugin->next_number};
    timer.function = function;
    timer.context = context;
    plugin->timers[plugin->timer_count] = timer;
    sift_up(plugin->timers, plugin->timer_count++);
    return timer.number;
}

void spacenode_cancel_timer(spacenode *plugin, uint64_t number)
{
    for (size_t place = 0; place < plugin->timer_count; place++) {
        if (plugin->timers[place].number != number) continue;
        remove_timer(plugin, place);
        return;
    }
}

void sn_run_timers(spacenode *plugin)
{
    /* What a timer starts anew waits for the next round. */
    uint64_t newest = plugin->next_number;
    while (plugin->timer_count > 0 && plugin->timers[0].due <= plugin->now
           && plugin->timers[0].number <= newest) {
        struct sn_timer timer = plugin->timers[0];
        remove_timer(plugin, 0);
        timer.function(plugin, timer.context);
    }
}

/* --- Room --- */

int spacenode_when_room(spacenode *plugin, const spacenode_method *method, spacenode_timer *function,
                        void *context)
{
    int index = sn_class(method->traffic_class);
    if (index < 0) return sn_fault(plugin, SPACENODE_BAD_FRAME, "%s uses no credit", method->name);
    if (plugin->phase == SN_STOPPED) return sn_fault(plugin, SPACENODE_CANCELLED, "this plugin has stopped");
    struct sn_room *room = malloc(sizeof *room);
    if (room == NULL) return sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", method->name);
    room->next = NULL;
    room->index = index;
    room->function = function;
    room->context = context;
    if (plugin->rooms_last != NULL)
        plugin->rooms_last->next = room;
    else
        plugin->rooms = room;
    plugin->rooms_last = room;
    plugin->is_pending = true;
    return 0;
}

/* Those who wait now, each once; who waits again comes after the others. All, when this plugin has
 * stopped. */
void sn_run_rooms(spacenode *plugin)
{
    struct sn_room *waiting = plugin->rooms, *next;
    plugin->rooms = plugin->rooms_last = NULL;
    for (struct sn_room *room = waiting; room != NULL; room = next) {
        next = room->next;
        room->next = NULL;
        size_t bytes = plugin->refused_bytes[room->index];
        bool has_room = plugin->held[room->index] == NULL && sn_may_send(plugin, room->index, bytes);
        if (has_room || plugin->phase == SN_STOPPED) {
            room->function(plugin, room->context);
            free(room);
            continue;
        }
        if (plugin->rooms_last != NULL)
            plugin->rooms_last->next = room;
        else
            plugin->rooms = room;
        plugin->rooms_last = room;
    }
}

void sn_free_timers(spacenode *plugin)
{
    free(plugin->timers);
    while (plugin->rooms != NULL) {
        struct sn_room *room = plugin->rooms;
        plugin->rooms = room->next;
        free(room);
    }
}
