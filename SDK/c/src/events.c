/* Events: numbered without holes as we publish, followed with their gaps (docs/protocol/bus.md §6). */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* --- Publishing --- */

static struct sn_topic *find_topic(const struct sn_map *map, const struct sn_key *key)
{
    struct sn_node *node = sn_map_find(map, key);
    return node == NULL ? NULL : SN_OWNER(node, struct sn_topic, node);
}

static struct sn_topic *add_topic(struct sn_map *map, const struct sn_key *key, uint32_t epoch)
{
    struct sn_topic *topic = calloc(1, sizeof *topic);
    if (topic == NULL) return NULL;
    topic->epoch = epoch;
    sn_map_add(map, &topic->node, key);
    return topic;
}

static void forget_topics(struct sn_map *map)
{
    struct sn_node *node;
    while ((node = sn_map_any(map)) != NULL) {
        sn_map_remove(map, node);
        free(SN_OWNER(node, struct sn_topic, node));
    }
}

/* The topic under which the next event goes; 0 or why there is none. */
static int published_topic(spacenode *plugin, const spacenode_method *method, const struct sn_key *key,
                           struct sn_topic **topic)
{
    *topic = find_topic(&plugin->published, key);
    if (*topic != NULL) return 0;
    if (plugin->published.count >= plugin->max_topics)
        return sn_fault(plugin, SPACENODE_LIMIT, "%s: a session publishes at most %u topics", method->name,
                        plugin->max_topics);
    *topic = add_topic(&plugin->published, key, plugin->epoch);
    if (*topic == NULL) return sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", method->name);
    return 0;
}

int spacenode_publish(spacenode *plugin, const spacenode_method *method, const void *key, size_t key_size,
                      const void *payload, size_t size, const spacenode_origin *cause)
{
    if (plugin->phase == SN_STOPPED) return sn_fault(plugin, SPACENODE_CANCELLED, "this plugin has stopped");
    if (method->pattern != SPACENODE_PATTERN_EVENT || key_size > SPACENODE_MAX_TOPIC_KEY)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "%s: no event, or its key is over 32 bytes",
                        method->name);
    struct sn_header header = sn_data_header(plugin, SN_EVENT_KIND, method);
    header.topic_key = key;
    header.topic_key_size = key_size;
    header.id = sn_next_id(plugin);
    if (cause != NULL) {
        header.cause_source = cause->source;
        header.cause_id = cause->id;
    }
    int result = sn_check_size(plugin, method, &header, size);
    if (result != 0) return result;
    if (!sn_has_session(plugin) || plugin->held[sn_class(method->traffic_class)] != NULL)
        return sn_fault(plugin, SPACENODE_BUSY, "%s: no session or credit now", method->name);
    struct sn_key name = sn_key(method->type, 0, key, key_size);
    struct sn_topic *topic;
    result = published_topic(plugin, method, &name, &topic);
    if (result != 0) return result;
    header.seq = topic->seq + 1;
    result = sn_send_data(plugin, &header, payload, size);
    if (result != 0) return sn_fault(plugin, result, "%s: no credit now", method->name);
    topic->seq++;
    plugin->next_id = header.id;
    return 0;
}

/* A new session numbers anew. */
void sn_forget_published(spacenode *plugin) { forget_topics(&plugin->published); }

/* --- Subscribing --- */

static void send_subscribe(spacenode *plugin, const struct sn_subscription *subscription);

int spacenode_subscribe(spacenode *plugin, const spacenode_method *method, const void *key, size_t key_size,
                        spacenode_event_handler *handler, void *context, uint64_t *number)
{
    if (method->pattern != SPACENODE_PATTERN_EVENT || key_size > SPACENODE_MAX_TOPIC_KEY)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "%s: no event, or its key is over 32 bytes",
                        method->name);
    if (plugin->subscription_count >= SPACENODE_MAX_SUBSCRIPTIONS)
        return sn_fault(plugin, SPACENODE_LIMIT, "at most %u subscriptions", SPACENODE_MAX_SUBSCRIPTIONS);
    struct sn_subscription *subscription = calloc(1, sizeof *subscription);
    if (subscription == NULL) return sn_fault(plugin, SPACENODE_FAILED, "%s: no memory left", method->name);
    subscription->method = method;
    subscription->handler = handler;
    subscription->context = context;
    subscription->number = ++plugin->next_number;
    if (key_size > 0) memcpy(subscription->key, key, key_size);
    subscription->key_size = key_size;
    subscription->next = plugin->subscriptions;
    plugin->subscriptions = subscription;
    plugin->subscription_count++;
    if (number != NULL) *number = subscription->number;
    if (sn_has_session(plugin)) send_subscribe(plugin, subscription);
    return 0;
}

static bool has_key(const struct sn_subscription *subscription, const void *key, size_t size)
{
    return subscription->key_size == size && (size == 0 || memcmp(subscription->key, key, size) == 0);
}

static bool is_same_wish(const struct sn_subscription *one, const struct sn_subscription *other)
{
    return one->method->type == other->method->type && has_key(one, other->key, other->key_size);
}

void spacenode_unsubscribe(spacenode *plugin, uint64_t number)
{
    struct sn_subscription *found = plugin->subscriptions;
    while (found != NULL && (found->number != number || found->is_dead)) found = found->next;
    if (found == NULL) return;
    found->is_dead = true;
    plugin->is_pending = true;
    for (struct sn_subscription *other = plugin->subscriptions; other != NULL; other = other->next)
        if (!other->is_dead && is_same_wish(found, other)) return;
    Spacenode__Bus__V1__Unsubscribe message = SPACENODE__BUS__V1__UNSUBSCRIBE__INIT;
    message.type = found->method->type;
    message.topic_key.data = found->key;
    message.topic_key.len = found->key_size;
    if (sn_has_session(plugin)) sn_control(plugin, SN_CONTROL_LANE, SN_UNSUBSCRIBE, &message.base);
}

static bool fits(const struct sn_subscription *subscription, const struct sn_key *topic)
{
    return !subscription->is_dead && subscription->method->type == topic->b
           && (subscription->key_size == 0 || has_key(subscription, topic->bytes, topic->size));
}

static bool is_followed(const spacenode *plugin, const struct sn_key *topic)
{
    for (const struct sn_subscription *each = plugin->subscriptions; each != NULL; each = each->next)
        if (fits(each, topic)) return true;
    return false;
}

/* Forgets topics that no subscription follows any more. */
static void sweep_positions(spacenode *plugin)
{
    for (size_t place = 0; place < plugin->positions.room; place++) {
        struct sn_node *node = plugin->positions.buckets[place];
        while (node != NULL) {
            struct sn_node *next = node->next;
            if (!is_followed(plugin, &node->key)) {
                sn_map_remove(&plugin->positions, node);
                free(SN_OWNER(node, struct sn_topic, node));
            }
            node = next;
        }
    }
}

/* Frees what was given up. In the loop alone, as handlers run over the list. */
void sn_sweep_subscriptions(spacenode *plugin)
{
    struct sn_subscription **link = &plugin->subscriptions;
    bool has_changed = false;
    while (*link != NULL) {
        struct sn_subscription *subscription = *link;
        if (!subscription->is_dead) {
            link = &subscription->next;
            continue;
        }
        *link = subscription->next;
        plugin->subscription_count--;
        free(subscription);
        has_changed = true;
    }
    if (has_changed) sweep_positions(plugin);
}

/* --- Positions: how far we have come in the topics of others, by publisher, type and key --- */

struct positions {
    const spacenode *plugin;
    const struct sn_subscription *subscription;
    Spacenode__Bus__V1__Position *list, **pointers;
    size_t count;
};

static void collect(struct positions *found, struct sn_node *node)
{
    if (!fits(found->subscription, &node->key) || found->count >= SN_MAX_SUBSCRIBE_POSITIONS) return;
    const struct sn_topic *topic = SN_OWNER(node, struct sn_topic, node);
    Spacenode__Bus__V1__Position *position = &found->list[found->count];
    spacenode__bus__v1__position__init(position);
    position->publisher = node->key.a;
    position->epoch = topic->epoch;
    position->topic_key.data = node->key.bytes;
    position->topic_key.len = node->key.size;
    position->seq = topic->seq;
    found->pointers[found->count++] = position;
}

/* SUBSCRIBE with the positions that we had come to. Without memory it goes without: more is reported as
 * missing then. */
static void send_subscribe(spacenode *plugin, const struct sn_subscription *subscription)
{
    Spacenode__Bus__V1__Subscribe message = SPACENODE__BUS__V1__SUBSCRIBE__INIT;
    size_t room = plugin->positions.count < SN_MAX_SUBSCRIBE_POSITIONS ? plugin->positions.count
                                                                       : SN_MAX_SUBSCRIBE_POSITIONS;
    struct positions found = {.plugin = plugin, .subscription = subscription};
    found.list = room == 0 ? NULL : calloc(room, sizeof *found.list);
    found.pointers = room == 0 ? NULL : calloc(room, sizeof *found.pointers);
    if (found.list != NULL && found.pointers != NULL)
        for (size_t place = 0; place < plugin->positions.room; place++)
            for (struct sn_node *node = plugin->positions.buckets[place]; node != NULL; node = node->next)
                collect(&found, node);
    message.type = subscription->method->type;
    message.topic_key.data = (uint8_t *)(uintptr_t)subscription->key;
    message.topic_key.len = subscription->key_size;
    message.positions = found.pointers;
    message.n_positions = found.count;
    sn_control(plugin, SN_CONTROL_LANE, SN_SUBSCRIBE, &message.base);
    free(found.list);
    free(found.pointers);
}

void sn_subscribe_all(spacenode *plugin)
{
    for (struct sn_subscription *each = plugin->subscriptions; each != NULL; each = each->next)
        if (!each->is_dead) send_subscribe(plugin, each);
}

/* --- What arrives --- */

static void tell(spacenode *plugin, const struct sn_key *topic, spacenode_event *event)
{
    event->key = topic->bytes;
    event->key_size = topic->size;
    for (struct sn_subscription *each = plugin->subscriptions; each != NULL; each = each->next)
        if (fits(each, topic)) each->handler(plugin, event, each->context);
}

static void tell_hole(spacenode *plugin, const struct sn_key *topic, uint32_t epoch, uint64_t from,
                      uint64_t to, bool is_reported)
{
    spacenode_event event = {.kind = SPACENODE_GAP, .epoch = epoch, .seq = from, .to = to};
    event.origin.source = topic->a;
    event.is_reported = is_reported;
    tell(plugin, topic, &event);
}

static void tell_resync(spacenode *plugin, const struct sn_key *topic, uint32_t epoch)
{
    spacenode_event event = {.kind = SPACENODE_RESYNC, .epoch = epoch};
    event.origin.source = topic->a;
    tell(plugin, topic, &event);
}

/* Where we are in a topic, made when it is new; NULL: there are too many to remember. */
static struct sn_topic *position_of(spacenode *plugin, const struct sn_key *key, uint32_t epoch)
{
    struct sn_topic *topic = find_topic(&plugin->positions, key);
    if (topic != NULL || plugin->positions.count >= SPACENODE_MAX_POSITIONS) return topic;
    return add_topic(&plugin->positions, key, epoch);
}

/* Moves our position on to `to`; a hole is told, what was seen already refused. */
static bool advance(spacenode *plugin, const struct sn_key *key, uint32_t epoch, uint64_t from, uint64_t to)
{
    struct sn_topic *topic = position_of(plugin, key, epoch);
    if (topic == NULL) return true;
    if (topic->epoch != epoch) {
        topic->epoch = epoch;
        topic->seq = 0;
        tell_resync(plugin, key, epoch);
    }
    if (from <= topic->seq) return false;
    if (from - topic->seq > 1) tell_hole(plugin, key, epoch, topic->seq + 1, from - 1, false);
    topic->seq = to;
    return true;
}

void sn_deliver(spacenode *plugin, const struct sn_header *header)
{
    struct sn_key key = sn_key(header->source, header->type, header->topic_key, header->topic_key_size);
    if (header->seq == 0 || !advance(plugin, &key, header->epoch, header->seq, header->seq)) return;
    spacenode_event event = {
        .kind = SPACENODE_EVENT, .epoch = header->epoch, .seq = header->seq, .to = header->seq};
    event.origin.source = header->source;
    event.origin.id = header->id;
    event.origin.role = header->role;
    event.payload = header->payload;
    event.size = header->payload_size;
    tell(plugin, &key, &event);
}

void sn_gap(spacenode *plugin, const Spacenode__Bus__V1__Gap *gap)
{
    if (gap->from == 0 || gap->to < gap->from || gap->topic_key.len > SPACENODE_MAX_TOPIC_KEY) return;
    struct sn_key key = sn_key(gap->publisher, gap->type, gap->topic_key.data, gap->topic_key.len);
    const struct sn_topic *topic = find_topic(&plugin->positions, &key);
    /* What was seen already is not missing. */
    uint64_t seen = topic != NULL && topic->epoch == gap->epoch ? topic->seq : 0;
    if (gap->to <= seen) return;
    uint64_t from = gap->from > seen ? gap->from : seen + 1;
    if (advance(plugin, &key, gap->epoch, from, gap->to))
        tell_hole(plugin, &key, gap->epoch, from, gap->to, true);
}

void sn_resync(spacenode *plugin, const Spacenode__Bus__V1__Resync *resync)
{
    if (resync->topic_key.len > SPACENODE_MAX_TOPIC_KEY) return;
    struct sn_key key =
        sn_key(resync->publisher, resync->type, resync->topic_key.data, resync->topic_key.len);
    struct sn_topic *topic = find_topic(&plugin->positions, &key);
    /* Following that session already: nothing begins anew. */
    if (topic != NULL && topic->epoch == resync->epoch) return;
    if (topic != NULL && resync->epoch == 0) {
        sn_map_remove(&plugin->positions, &topic->node);
        free(topic);
    } else if (topic != NULL) {
        topic->epoch = resync->epoch;
        topic->seq = 0;
    }
    tell_resync(plugin, &key, resync->epoch);
}

/* SUBSCRIBED: nothing to do, unless the router refused. */
void sn_subscribed(spacenode *plugin, const Spacenode__Bus__V1__Subscribed *message)
{
    if (message->status == SPACENODE_OK) return;
    char text[SN_FAULT_TEXT + 1];
    sn_copy_text(text, sizeof text, message->text.data, message->text.len);
    spacenode_outcome refusal = {.status = message->status, .text = text};
    spacenode_event event = {.kind = SPACENODE_REFUSED, .refusal = &refusal};
    event.key = message->topic_key.data;
    event.key_size = message->topic_key.len;
    for (struct sn_subscription *each = plugin->subscriptions; each != NULL; each = each->next) {
        if (each->is_dead || each->method->type != message->type
            || !has_key(each, message->topic_key.data, message->topic_key.len))
            continue;
        each->is_dead = true;
        plugin->is_pending = true;
        sn_fault(plugin, 0, "%s: the subscription is refused: %s", each->method->name, text);
        each->handler(plugin, &event, each->context);
    }
}

void sn_free_events(spacenode *plugin)
{
    for (struct sn_subscription *each = plugin->subscriptions; each != NULL; each = each->next)
        each->is_dead = true;
    sn_sweep_subscriptions(plugin);
    forget_topics(&plugin->published);
    forget_topics(&plugin->positions);
}
