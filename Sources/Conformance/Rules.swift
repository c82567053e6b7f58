/// One rule: its name, where the protocol page states it, and what it says.
struct Rule {
    let name: String
    let section: Int
    let text: String

    static let all: [Rule] = [
        Rule(name: "frame-valid", section: 2, text: "A frame is an Envelope with its header first."),
        Rule(name: "header-limit", section: 2, text: "A header has at most 512 bytes."),
        Rule(
            name: "frame-limit", section: 2,
            text: "No frame is over its limit; an answer that would be is an ERROR."),
        Rule(name: "source-is-own", section: 2, text: "source is the instance that WELCOME gave."),
        Rule(name: "epoch-is-own", section: 2, text: "epoch is the session's."),
        Rule(name: "role-is-own", section: 2, text: "role is the session's."),
        Rule(name: "class-matches", section: 2, text: "traffic_class is what the contract says."),
        Rule(
            name: "cause-copied", section: 2, text: "An event published for a request names it as its cause."),
        Rule(name: "tolerates-fields", section: 2, text: "Unknown header fields are stepped over."),
        Rule(name: "tolerates-control", section: 2, text: "Unknown control messages are ignored."),
        Rule(name: "hello-first", section: 3, text: "Nothing goes before HELLO."),
        Rule(name: "hello-fields", section: 3, text: "HELLO names instance, role, token and contracts."),
        Rule(name: "hello-windows", section: 3, text: "Each window holds two of the largest frames."),
        Rule(name: "attach-token", section: 3, text: "ATTACH carries session and token on the data lane."),
        Rule(name: "state-ready", section: 3, text: "STATE READY follows ATTACHED."),
        Rule(
            name: "pong", section: 3,
            text: "PING is answered with its stamp within 1 s, also while handlers run."),
        Rule(name: "rehello", section: 3, text: "UNKNOWN_SESSION is followed by a new HELLO within 2 s."),
        Rule(
            name: "reconnect", section: 3, text: "After the router's restart the plugin is READY within 2 s."),
        Rule(
            name: "reject-retries", section: 3,
            text: "A REJECT that is not permanent is followed by another HELLO."),
        Rule(
            name: "reject-stops", section: 3,
            text: "A permanent REJECT ends the program, with a status that is not 0."),
        Rule(name: "superseded-stops", section: 3, text: "A superseded session does not come back."),
        Rule(name: "drain", section: 3, text: "DRAIN: STATE DRAINING, what was taken is finished, exit 0."),
        Rule(name: "goodbye-last", section: 3, text: "GOODBYE is the last frame, on the data lane."),
        Rule(name: "sigterm-drains", section: 3, text: "SIGTERM drains as well."),
        Rule(name: "credit-respected", section: 4, text: "Nothing is sent beyond the credit given."),
        Rule(name: "credit-granted", section: 4, text: "Credit comes back once half a window was processed."),
        Rule(name: "credit-totals", section: 4, text: "Credit is given as totals that do not fall."),
        Rule(name: "id-rises", section: 5, text: "Ids of requests rise within a session."),
        Rule(name: "one-reply", section: 5, text: "A request is answered once."),
        Rule(name: "reply-addressed", section: 5, text: "An answer has the request's source, id and type."),
        Rule(
            name: "error-failed", section: 5,
            text: "A handler that fails answers ERROR with FAILED and a text."),
        Rule(name: "unknown-type", section: 5, text: "A type without handler is answered with UNKNOWN_TYPE."),
        Rule(name: "cancel", section: 5, text: "A cancelled request is not answered."),
        Rule(
            name: "seq-rises", section: 6, text: "Events are numbered from 1 without holes, per type and key."
        ),
        Rule(name: "event-addressed", section: 6, text: "Events have dest 0."),
        Rule(name: "stream-credit", section: 7, text: "No more items are sent than were allowed."),
        Rule(name: "stream-order", section: 7, text: "Items are numbered from 1 without holes."),
        Rule(name: "stream-end", section: 7, text: "A stream ends once, with the count of its items."),
        Rule(
            name: "stream-upload", section: 7,
            text: "An upload is allowed on as it is read, and answered with its result."),
        Rule(name: "stream-cancel", section: 7, text: "A stream that was given up stops."),
        Rule(
            name: "describe", section: 9,
            text: "Describe returns types and a FileDescriptorSet that covers them."),
        Rule(name: "beats", section: 9, text: "A Beat is published about every second."),
    ]
}
