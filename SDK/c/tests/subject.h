/* What the plugin of the tests does: it serves the example contract, and has one of each kind open. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "world.h"

/* Serves Echo, Count and Sum; Echo with delay_ms keeps the request in `kept`. */
void subject_serve(struct world *world);
/* A call, a download, an upload, a subscription, two events. Returns how many calls and streams were
 * begun. */
unsigned subject_load(struct world *world);
/* One more call. */
bool subject_call(struct world *world, uint32_t ttl_ms);

/* An answer to a call of ours; CREDIT; a NOTICE on the control lane; an Echo of a peer's. */
void subject_reply_to(struct world *world, uint64_t id, uint32_t kind, uint32_t status);
void subject_give_credit(struct world *world, uint32_t traffic_class, uint64_t bytes, uint64_t messages);
void subject_notice(struct world *world, uint32_t status);
void subject_ask_echo(struct world *world, uint64_t id, uint32_t delay_ms);

void subject_on_outcome(spacenode *plugin, const spacenode_outcome *outcome, void *context);
void subject_on_event(spacenode *plugin, const spacenode_event *event, void *context);
extern const spacenode_stream_handlers subject_opened, subject_counting, subject_summing;

#endif
