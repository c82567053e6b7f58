/// How a node is connected: what its packets meet on the way to and from everybody else.
///
/// Times are nanoseconds, shares parts of a million, rates bits per second. A way between two nodes has the mean of
/// both lines' delay, jitter and loss, so that a way between two equal lines is what the line says; it has the bursts
/// of the sender's line, else of the receiver's. A packet passes the sender's `up` and then the receiver's `down`.
package struct Line: Hashable, Sendable {
    /// Of the way to another node.
    package var delay: UInt64 = 0
    /// How far the delay strays to either side; at most the delay.
    package var jitter: UInt64 = 0
    /// Of the packets.
    package var loss: UInt32 = 0
    /// What comes in at most; nil: any.
    package var down: UInt64?
    /// What goes out at most; nil: any.
    package var up: UInt64?
    /// How long a packet waits at most for its turn at a rate; one that would wait longer is dropped.
    package var queue: UInt64 = 200_000_000
    /// Times of heavier loss.
    package var burst: Burst?

    /// Loss that comes and goes.
    package struct Burst: Hashable, Sendable {
        /// Of the packets, while it lasts.
        package let loss: UInt32
        /// How long each one lasts.
        package let lasts: UInt64
        /// From the beginning of one to that of the next; longer than it lasts.
        package let every: UInt64

        /// A burst at the end of each period.
        package init(loss: UInt32, lasts: UInt64, every: UInt64) {
            (self.loss, self.lasts, self.every) = (loss, lasts, every)
        }

        /// Whether it is on; at the end of each period, so that a lab begins without.
        func isOn(at time: UInt64) -> Bool { every > lasts && time % every >= every - lasts }
    }

    /// A line that keeps nothing back.
    package init() {}

    /// What is lost at a moment.
    func loss(at time: UInt64) -> UInt32 {
        guard let burst, burst.isOn(at: time) else { return loss }
        return max(loss, burst.loss)
    }

    /// For people.
    package var text: String {
        var parts = ["\(LabUnits.text(time: delay)) ±\(LabUnits.text(time: jitter))"]
        parts.append("loss \(LabUnits.text(share: loss))")
        if let burst {
            parts.append(
                "bursts of \(LabUnits.text(share: burst.loss)) for \(LabUnits.text(time: burst.lasts))"
                    + " each \(LabUnits.text(time: burst.every))")
        }
        parts.append("\(LabUnits.text(rate: down))/\(LabUnits.text(rate: up))")
        return parts.joined(separator: ", ")
    }
}

/// What becomes different of a line, or of the way between two nodes; nil: stays.
package struct LineChange: Hashable, Sendable {
    package var delay: UInt64?
    package var jitter: UInt64?
    /// It takes the place of bursts, too.
    package var loss: UInt32?
    /// Of a node what comes in and goes out, of a way there and back; nil inside: any rate.
    package var rates: Rates?

    /// Bits per second in two directions; nil: any.
    package struct Rates: Hashable, Sendable {
        package let first: UInt64?
        package let second: UInt64?

        /// Of two directions.
        package init(first: UInt64?, second: UInt64?) {
            (self.first, self.second) = (first, second)
        }
    }

    /// Nothing.
    package init() {}

    /// Whether nothing changes.
    package var isEmpty: Bool { self == LineChange() }

    /// The line with the change; a jitter that the delay has no room for is cut to it.
    func applied(to line: Line) -> Line {
        var line = line
        if let delay { line.delay = delay }
        if let jitter { line.jitter = jitter }
        line.jitter = min(line.jitter, line.delay)
        if let loss { (line.loss, line.burst) = (loss, nil) }
        if let rates { (line.down, line.up) = (rates.first, rates.second) }
        return line
    }
}
