/* The session: HELLO to GOODBYE, and what is lost with it (docs/protocol/bus.md §3). */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREET_AGAIN_MS 1000u
#define RECONNECT_MS 50u
#define TOKEN_RETRY_MS 500u
#define TOKEN_BYTES 32u
#define BEAT_MS 1000u
#define DRAIN_GRACE_MS 50u          /* requests that were on their way when STATE DRAINING was sent */

/* --- HELLO --- */

/* The 32 bytes of the token file, read anew each time: the router makes it when it starts. */
static bool read_token(const char *path, uint8_t token[TOKEN_BYTES])
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it stays behind */
    size_t size = fread(token, 1, TOKEN_BYTES, file);
    fclose(file);
    return size == TOKEN_BYTES;
}

static void greet(spacenode *plugin)
{
    uint8_t token[TOKEN_BYTES];
    plugin->phase = SN_GREETING;
    plugin->greeted = plugin->now;
    plugin->instance = 0;
    plugin->epoch = 0;
    plugin->greet_at = plugin->now + GREET_AGAIN_MS;
    if (plugin->identity.token_path != NULL && !read_token(plugin->identity.token_path, token)) {
        sn_fault(plugin, 0, "cannot read 32 bytes of %s: does the router run, and may this user read it?",
                 plugin->identity.token_path);
        plugin->phase = SN_CONNECTING;
        plugin->greet_at = plugin->now + TOKEN_RETRY_MS;
        return;
    }
    Spacenode__Bus__V1__Hello *hello = plugin->identity.hello;
    hello->token.data = token;
    hello->token.len = plugin->identity.token_path != NULL ? sizeof token : 0;
    sn_control(plugin, SN_CONTROL_LANE, SN_HELLO, &hello->base);
    hello->token.data = NULL;
    hello->token.len = 0;
    explicit_bzero(token, sizeof token);
}

/* The control connection was made. One that comes back is a new session: the old frames are gone. */
void sn_connected(spacenode *plugin, uint64_t now)
{
    plugin->now = now;
    if (plugin->phase == SN_STOPPED) return;
    if (plugin->phase != SN_CONNECTING) sn_lose(plugin, "the connection to the router was made anew");
    if (plugin->phase == SN_STOPPED) return;
    plugin->broken = NULL;
    greet(plugin);
}

/* --- WELCOME, ATTACHED, REJECT --- */

static void attach(spacenode *plugin)
{
    Spacenode__Bus__V1__Attach message = SPACENODE__BUS__V1__ATTACH__INIT;
    message.session = plugin->session;
    message.attach_token.data = plugin->attach_token;
    message.attach_token.len = plugin->attach_token_size;
    sn_control(plugin, SN_DATA_LANE, SN_ATTACH, &message.base);
}

/* A second HELLO has a second WELCOME: the newer session counts. */
void sn_welcome(spacenode *plugin, const Spacenode__Bus__V1__Welcome *welcome)
{
    if (plugin->phase != SN_GREETING && plugin->phase != SN_ATTACHING) return;
    if (welcome->attach_token.len > sizeof plugin->attach_token) return;
    plugin->generation++;
    plugin->session = welcome->session;
    plugin->instance = welcome->instance;
    plugin->epoch = welcome->epoch;
    plugin->next_id = (uint64_t)welcome->epoch << 32;
    plugin->heartbeat_ms = welcome->heartbeat_ms != 0 ? welcome->heartbeat_ms : 500;
    plugin->max_frame = welcome->max_frame;
    plugin->max_topics = welcome->max_topics;
    plugin->attach_token_size = welcome->attach_token.len;
    if (welcome->attach_token.len > 0)
        memcpy(plugin->attach_token, welcome->attach_token.data, welcome->attach_token.len);
    sn_begin_credit(plugin, welcome);
    sn_forget_published(plugin);
    plugin->phase = SN_ATTACHING;
    plugin->attach_sent = false;
    plugin->greeted = plugin->now;
    attach(plugin);
}

static void send_state(spacenode *plugin)
{
    Spacenode__Bus__V1__State message = SPACENODE__BUS__V1__STATE__INIT;
    message.state = plugin->phase == SN_DRAINING ? SPACENODE__BUS__V1__SESSION_STATE__SESSION_STATE_DRAINING
                                                 : (uint32_t)plugin->stated_state;
    if (plugin->phase != SN_DRAINING) {
        message.reason.data = (uint8_t *)plugin->stated_reason;
        message.reason.len = strlen(plugin->stated_reason);
    }
    sn_control(plugin, SN_CONTROL_LANE, SN_STATE, &message.base);
}

void sn_attached(spacenode *plugin, const Spacenode__Bus__V1__Attached *attached)
{
    if (plugin->phase != SN_ATTACHING || attached->session != plugin->session) return;
    plugin->phase = SN_ESTABLISHED;
    plugin->pinged = plugin->now;
    plugin->beat_at = plugin->now;
    send_state(plugin);
    sn_subscribe_all(plugin);
    plugin->is_pending = true;
    if (plugin->session_changed != NULL) plugin->session_changed(plugin, true, plugin->context);
}

void sn_reject(spacenode *plugin, const Spacenode__Bus__V1__Reject *reject)
{
    char text[SN_FAULT_TEXT + 1];
    sn_copy_text(text, sizeof text, reject->text.data, reject->text.len);
    if (reject->permanent) {
        sn_stop(plugin, reject->status != 0 ? (int)reject->status : SPACENODE_FAILED, text);
        return;
    }
    sn_lose(plugin, text);
    if (plugin->phase == SN_STOPPED) return;
    sn_log(plugin, "session refused: %s", text);
    plugin->greet_at = plugin->now + (reject->status == SPACENODE_UNKNOWN_SESSION ? 1 : GREET_AGAIN_MS);
}

/* --- The end of a session --- */

/* The session is over: everything open has its outcome now. */
void sn_lose(spacenode *plugin, const char *reason)
{
    char words[SPACENODE_TEXT_BYTES];
    enum sn_phase before = plugin->phase;
    plugin->broken = NULL;
    if (before == SN_STOPPED) return;
    if (before == SN_DRAINING) {
        sn_stop(plugin, 0, "the session ended while draining");
        return;
    }
    plugin->phase = SN_CONNECTING;
    plugin->greet_at = plugin->now + RECONNECT_MS;
    if (before != SN_ESTABLISHED) return;
    snprintf(words, sizeof words, "%s", reason);
    sn_fault(plugin, 0, "session lost: %s", words);
    sn_log(plugin, "session lost: %s", words);
    plugin->generation++;
    sn_lose_requests(plugin);
    sn_lose_streams(plugin, SPACENODE_LOST, words);
    sn_lose_calls(plugin, words);
    if (plugin->session_changed != NULL) plugin->session_changed(plugin, false, plugin->context);
}

/* Ends for good; status 0: in order. */
void sn_stop(spacenode *plugin, int status, const char *reason)
{
    char words[SPACENODE_TEXT_BYTES];
    if (plugin->phase == SN_STOPPED) return;
    bool was_open = plugin->phase == SN_ESTABLISHED || plugin->phase == SN_DRAINING;
    snprintf(words, sizeof words, "%s", reason);
    plugin->phase = SN_STOPPED;
    plugin->result = status;
    plugin->generation++;
    sn_lose_requests(plugin);
    sn_lose_streams(plugin, SPACENODE_CANCELLED, words);
    sn_lose_calls(plugin, words);
    sn_run_rooms(plugin);
    sn_fault(plugin, 0, "%s", words);
    if (was_open && plugin->session_changed != NULL) plugin->session_changed(plugin, false, plugin->context);
}

/* --- Drain and state --- */

void spacenode_drain(spacenode *plugin)
{
    if (plugin->phase == SN_DRAINING || plugin->phase == SN_STOPPED) return;
    plugin->is_pending = true;
    if (plugin->phase != SN_ESTABLISHED) {
        plugin->stop_requested = true;
        return;
    }
    plugin->phase = SN_DRAINING;
    plugin->drain_from = plugin->now + DRAIN_GRACE_MS;
    plugin->drain_until = plugin->now + plugin->identity.drain_ms;
    send_state(plugin);
}

static void finish_drain(spacenode *plugin)
{
    Spacenode__Bus__V1__Goodbye message = SPACENODE__BUS__V1__GOODBYE__INIT;
    sn_control(plugin, SN_DATA_LANE, SN_GOODBYE, &message.base);
    sn_stop(plugin, 0, "this plugin has stopped");
}

int spacenode_set_state(spacenode *plugin, int state, const char *reason)
{
    if (state < SPACENODE_STATE_STARTING || state > SPACENODE_STATE_DEGRADED)
        return sn_fault(plugin, SPACENODE_BAD_FRAME, "state %d is none that a plugin says of itself", state);
    plugin->stated_state = state;
    snprintf(plugin->stated_reason, sizeof plugin->stated_reason, "%s", reason == NULL ? "" : reason);
    if (plugin->phase == SN_ESTABLISHED) send_state(plugin);
    return 0;
}

/* --- Time --- */

static void watch_silence(spacenode *plugin)
{
    uint64_t last = plugin->heard > plugin->pinged ? plugin->heard : plugin->pinged;
    if (plugin->now >= plugin->heard + SN_SILENCE_MS) {
        sn_lose(plugin, "nothing heard from the router for 10 s");
        if (plugin->phase == SN_CONNECTING) greet(plugin);
    } else if (plugin->now >= last + 3 * (uint64_t)plugin->heartbeat_ms) {
        Spacenode__Bus__V1__Ping ping = SPACENODE__BUS__V1__PING__INIT;
        plugin->pinged = plugin->now;
        ping.stamp = plugin->now;
        sn_control(plugin, SN_CONTROL_LANE, SN_PING, &ping.base);
    }
}

/* Time has passed: at least every 20 ms. */
void sn_tick(spacenode *plugin, uint64_t now)
{
    plugin->now = now;
    switch (plugin->phase) {
    case SN_CONNECTING:
    case SN_GREETING:
        if (plugin->greet_at > 0 && now >= plugin->greet_at) greet(plugin);
        break;
    case SN_ATTACHING:
        if (!plugin->attach_sent) attach(plugin);
        if (now >= plugin->greeted + SN_ATTACH_MS) sn_lose(plugin, "no ATTACHED from the router");
        break;
    case SN_ESTABLISHED:
    case SN_DRAINING: watch_silence(plugin); break;
    default: break;
    }
    if (sn_has_session(plugin) && now >= plugin->beat_at) {
        plugin->beat_at = now + BEAT_MS;
        sn_beat(plugin);
    }
    sn_expire_calls(plugin);
    sn_expire_streams(plugin);
    sn_run_timers(plugin);
}

/* Does what calls of the plugin left to be done, until nothing is left. */
void sn_settle(spacenode *plugin)
{
    /* Bounded, as functions of the plugin may go on for ever. */
    for (int round = 0; round < 16; round++) {
        plugin->is_pending = false;
        if (plugin->stop_requested) sn_stop(plugin, 0, "this plugin has stopped");
        if (plugin->broken != NULL) sn_lose(plugin, plugin->broken);
        sn_expire_calls(plugin);
        sn_flush_held(plugin);
        sn_settle_streams(plugin);
        sn_run_rooms(plugin);
        sn_sweep_subscriptions(plugin);
        if (!plugin->is_pending) break;
    }
    bool is_done =
        plugin->request_count == 0 && plugin->served_streams == 0 && plugin->now >= plugin->drain_from;
    if (plugin->phase == SN_DRAINING && (is_done || plugin->now >= plugin->drain_until)) finish_drain(plugin);
}

/* How long the loop may sleep when nothing arrives. */
int sn_wait_ms(const spacenode *plugin, int at_most)
{
    uint64_t wait = plugin->phase == SN_ATTACHING || plugin->phase == SN_DRAINING ? 10 : 100;
    uint64_t next = plugin->call_deadline;
    bool will_greet = plugin->phase == SN_CONNECTING || plugin->phase == SN_GREETING;
    if (will_greet && plugin->greet_at > 0 && plugin->greet_at < next) next = plugin->greet_at;
    if (plugin->timer_count > 0 && plugin->timers[0].due < next) next = plugin->timers[0].due;
    if (next <= plugin->now || plugin->is_pending) return 0;
    if (next - plugin->now < wait) wait = next - plugin->now;
    return at_most >= 0 && (uint64_t)at_most < wait ? at_most : (int)wait;
}
