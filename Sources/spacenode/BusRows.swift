internal import Foundation
internal import NodeBus
internal import NodeProtocol

/// One session as `bus ls --json` prints it: text as text, numbers as numbers.
struct SessionRow: Encodable {
    let plugin: String
    let role: String
    let state: String
    let reason: String
    let instance: String
    let epoch: UInt32
    let ageMilliseconds: UInt64
    let heardMilliseconds: UInt64
    let inMessages: UInt64
    let inBytes: UInt64
    let outMessages: UInt64
    let outBytes: UInt64
    let openRequests: UInt32
    let parked: UInt64
    let refused: UInt64
    let gaps: UInt64
    let build: String
    let isCurve: Bool

    init(_ session: Spacenode_Bus_V1_SessionInfo) {
        plugin = String(decoding: session.name, as: UTF8.self)
        role = BusRole(rawValue: session.role).name
        state = stateName(session.state)
        reason = String(decoding: session.reason, as: UTF8.self)
        instance = String(session.instance, radix: 16)
        epoch = session.epoch
        ageMilliseconds = session.sinceMs
        heardMilliseconds = session.heardMs
        inMessages = session.inMessages
        inBytes = session.inBytes
        outMessages = session.outMessages
        outBytes = session.outBytes
        openRequests = session.inFlight
        parked = session.parked
        refused = session.refused
        gaps = session.gaps
        build = String(decoding: session.build, as: UTF8.self)
        isCurve = session.curve
    }
}

/// Refused frames as `bus dead --json` prints them.
struct DeadLetterList: Encodable {
    /// One of them.
    struct Letter: Encodable {
        let status: String
        let ageMilliseconds: UInt64
        let type: String?
        let source: String?
        let frameBytes: UInt64
    }

    let total: UInt64
    let letters: [Letter]

    init(_ reply: Spacenode_Bus_V1_ListDeadLettersReply) {
        total = reply.total
        letters = reply.letters.map { letter in
            let head = BusFrame.header(of: [UInt8](letter.frame))
            return Letter(
                status: BusError.Code(rawValue: letter.status).name, ageMilliseconds: letter.ageMs,
                type: head.map { "0x" + String($0.type, radix: 16) },
                source: head.map { String($0.source, radix: 16) }, frameBytes: letter.frameBytes)
        }
    }
}

/// A session's state in words, as JSON has it; people read it in capitals.
func stateName(_ state: UInt32) -> String {
    let names = ["unknown", "starting", "ready", "degraded", "draining", "gone"]
    return state < UInt32(names.count) ? names[Int(state)] : "unknown"
}
