/// What a run's journals prove: sent = delivered + reported.
struct Audit {
    private(set) var problems: [String] = []
    private(set) var requests = 0
    private(set) var outcomes: [String: Int] = [:]
    private(set) var events = 0
    private(set) var gapEvents = 0
    private(set) var resyncs = 0
    private(set) var streams = 0
    private(set) var items = 0

    var unaccounted: Int { problems.count }

    private mutating func problem(_ text: String) {
        problems.append(text)
    }

    /// A caller: `Q n` then exactly one `O n CODE`; what a killed process had open is struck.
    mutating func caller(_ name: String, _ lines: [[String]], wasKilled: Bool) {
        var open: Set<String> = []
        for words in lines where words.count >= 2 {
            if words[0] == "Q" {
                requests += 1
                if !open.insert(words[1]).inserted { problem("\(name): request \(words[1]) twice") }
            } else if words[0] == "O", words.count == 3 {
                outcomes[words[2], default: 0] += 1
                if open.remove(words[1]) == nil {
                    problem("\(name): request \(words[1]) has a second outcome \(words[2])")
                }
            }
        }
        if !wasKilled { for number in open { problem("\(name): request \(number) has no outcome") } }
    }

    /// A streamer: `S n items`, then exactly one `F n CODE items inOrder`.
    mutating func streamer(_ name: String, _ lines: [[String]], wasKilled: Bool) {
        var open: [String: Int] = [:]
        for words in lines where words.count >= 3 {
            if words[0] == "S" {
                streams += 1
                open[words[1]] = Int(words[2]) ?? -1
            } else if words[0] == "F", words.count == 5 {
                guard let expected = open.removeValue(forKey: words[1]) else {
                    problem("\(name): stream \(words[1]) ended twice")
                    continue
                }
                outcomes["stream " + words[2], default: 0] += 1
                items += Int(words[3]) ?? 0
                if words[4] != "true" { problem("\(name): stream \(words[1]) out of order") }
                if words[2] == "OK", Int(words[3]) != expected {
                    problem("\(name): stream \(words[1]) ended OK with \(words[3]) of \(expected) items")
                }
            }
        }
        if !wasKilled { for number in open.keys { problem("\(name): stream \(number) has no end") } }
    }

    /// One subscriber's life: per publisher session and topic, events and gaps follow each other without hole or overlap.
    /// - Parameter published: last number by `publisher epoch key`, of publisher sessions alive at the end.
    mutating func subscriber(
        _ name: String, _ lines: [[String]], isAliveAtEnd: Bool, published: [String: UInt64]
    ) {
        var reached: [String: UInt64] = [:]
        for words in lines where words.count >= 4 {
            let topic = words[1...3].joined(separator: " ")
            if words[0] == "R" { resyncs += 1 }
            guard words[0] == "E" || words[0] == "G", words.count >= 5, let first = UInt64(words[4]) else {
                continue
            }
            let last = words[0] == "G" ? UInt64(words[5]) ?? 0 : first
            if words[0] == "E" { events += 1 } else { gapEvents += Int(last - first + 1) }
            if words[0] == "G", words[6] != "true" {
                problem("\(name): \(topic) \(first)...\(last) missing without a GAP")
            }
            let next = reached[topic, default: 0] + 1
            if first != next { problem("\(name): \(topic) goes on with \(first), not \(next)") }
            reached[topic] = last
        }
        guard isAliveAtEnd else { return }
        for (topic, last) in published where reached[topic, default: 0] < last {
            problem("\(name): \(topic) ends at \(reached[topic, default: 0]), \(last) were published")
        }
    }
}
