internal import Foundation
internal import LabCore

/// What a command asks of the emulator: one line of JSON, which it answers with another.
struct EmulatorRequest: Codable, Sendable {
    /// What to do.
    enum Verb: String, Codable, Sendable {
        case report, cut, slow, heal, end
    }

    let verb: Verb
    /// Of `cut` and `slow`, as `Place` reads them.
    var places: [String] = []
    /// Of `cut`, in nanoseconds; nil: until `heal`.
    var lasts: UInt64?
    /// Of `slow`.
    var change: Change?

    /// `LineChange`, as JSON has it.
    struct Change: Codable, Sendable {
        var delay, jitter: UInt64?
        var loss: UInt32?
        var rates: [UInt64?]?
    }

    init(_ verb: Verb) { self.verb = verb }
}

/// What the emulator answers.
struct EmulatorReply: Codable, Sendable {
    /// Why the wish was not carried out.
    var fault: String?
    var report: EmulatorReport?
}

/// The lines as they are; times are milliseconds.
struct EmulatorReport: Codable, Sendable {
    /// A node's line and counts.
    struct Node: Codable, Sendable {
        var name, line: String
        var sent, sentBytes, received, receivedBytes: UInt64
        /// Sent by it and dropped: by the dice, by a cut, at a rate, or as too many were under way.
        var lost, cut, queue, full: UInt64
    }

    /// A way that is cut, or has a line of its own.
    struct Way: Codable, Sendable {
        var from, to: String
        /// Of a cut; nil: until `heal`.
        var leftMilliseconds: UInt64?
        /// Of one with its own line.
        var line: String?
    }

    var pid: Int32
    var upMilliseconds: UInt64
    var cpuMilliseconds: UInt64
    /// Packets under way.
    var inFlight: Int
    /// Packets to no node of the lab, or not of IPv4.
    var others: UInt64
    /// Packets that a node's TUN did not take.
    var refused: UInt64
    var nodes: [Node]
    var cuts: [Way]
    var slowed: [Way]
}

extension LineChange {
    init(_ change: EmulatorRequest.Change) {
        self.init()
        (delay, jitter) = (change.delay, change.jitter)
        loss = change.loss
        if let rates = change.rates, let first = rates.first, let last = rates.last {
            self.rates = Rates(first: first, second: last)
        }
    }
}
