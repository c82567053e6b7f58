import Glibc
import NodeCrypto
import NodeDomain
import TestSupport
import VmCore

/// How fast the state tree is: `TreeBench [leaves] [changes]`; one JSON line.
///
/// All nodes are in memory, and finding them there is not measured: what is left is the tree's own work.
@main
struct TreeBench {
    private static let rounds = 10
    private let clock = ContinuousClock()
    private var store: [TreeNodeKey: TreeNode] = [:]
    private var random = SplitMix(seed: 1)

    static func main() throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        var bench = TreeBench()
        try bench.run(leaves: numbers.first ?? 1_000_000, changes: numbers.dropFirst().first ?? 6_000)
    }

    private mutating func run(leaves: UInt64, changes: UInt64) throws {
        let sorted = (0..<leaves).map { record($0, 0) }.sorted { $0.key < $1.key }
        let cache = try fillCache(sorted)
        let built = try build(sorted)
        var times: [Double] = []
        var (bytes, nodes, stale) = (0, 0, 0)
        for round in 0..<Self.rounds {
            let sorted = batch(changes, of: leaves).sorted { $0.key < $1.key }
            let (result, seconds) = try update(UInt64(round), sorted)
            times.append(1000 * seconds)
            nodes = result.written.count
            stale = StaleList(result).bytes.count
            bytes = result.written.reduce(0) { $0 + $1.0.bytes.count + $1.1.bytes.count }
            for key in result.stale { store[key] = nil }
            for (key, node) in result.written { store[key] = node }
        }
        times.sort()
        print(
            """
            {"leaves":\(leaves),"changes":\(changes),"build_s":\(rounded(built)),\
            "update_ms_median":\(rounded(times[times.count / 2])),"update_ms_worst":\(rounded(times[times.count - 1])),\
            "nodes_written":\(nodes),"bytes_written":\(bytes),"stale_bytes":\(stale),"lookup_us":\(try lookup(leaves)),\
            "cache_bytes_counted":\(cache.counted),"cache_bytes_resident":\(cache.resident)}
            """)
    }

    /// A tree of so many records, and the seconds that it took.
    private mutating func build(_ sorted: [TreeLeaf]) throws -> Double {
        var seconds = 0.0
        store.reserveCapacity(sorted.count * 3 / 2)
        var builder = TreeBuilder(version: 0, keepsNodes: true)
        for start in stride(from: 0, to: sorted.count, by: 10_000) {
            seconds +=
                try clock.measure {
                    for leaf in sorted[start..<min(start + 10_000, sorted.count)] { try builder.add(leaf) }
                } / .seconds(1)
            for (key, node) in builder.takeNodes() { store[key] = node }
        }
        _ = builder.finish()
        for (key, node) in builder.takeNodes() { store[key] = node }
        return seconds
    }

    /// Of ten changes eight overwrite, one inserts and one deletes.
    private mutating func batch(_ count: UInt64, of leaves: UInt64) -> [TreeChange] {
        var chosen: [UInt64: TreeChange] = [:]
        while chosen.count < Int(count) {
            let draw = random.next()
            let number = draw % leaves
            switch draw >> 32 % 10 {
            case 0: chosen[number] = TreeChange(preimage: preimage(number), value: nil)
            case 1:
                let new = leaves + number
                chosen[new] = TreeChange(preimage: preimage(new), value: value(draw))
            default: chosen[number] = TreeChange(preimage: preimage(number), value: value(draw))
            }
        }
        return Array(chosen.values)
    }

    private func update(_ base: UInt64, _ changes: [TreeChange]) throws -> (TreeUpdateResult, Double) {
        var start = clock.now
        var seconds = 0.0
        var update = try TreeUpdate(base: base, version: base + 1, changes: changes)
        while true {
            let keys = update.need()
            seconds += (clock.now - start) / .seconds(1)
            if keys.isEmpty { break }
            let nodes = keys.map { store[$0] }
            start = clock.now
            try update.have(nodes)
        }
        start = clock.now
        let result = try update.finish()
        return (result, seconds + (clock.now - start) / .seconds(1))
    }

    /// Microseconds of a reading with its proof, nodes from memory.
    private func lookup(_ leaves: UInt64) throws -> Double {
        let count = 10_000
        let time = try clock.measure {
            for number in 0..<UInt64(count) {
                var lookup = TreeLookup(
                    version: UInt64(Self.rounds), key: TreeHash.key(preimage(number % leaves)))
                try lookup.run { store[$0] }
                _ = try lookup.finish()
            }
        }
        return rounded(time / .microseconds(1) / Double(count))
    }

    /// What a full cache says that it takes, and by how much the process grew.
    private func fillCache(_ leaves: [TreeLeaf]) throws -> (counted: Int, resident: Int) {
        let before = resident()
        var cache = TreeCache(limit: 64 << 20)
        var builder = TreeBuilder(version: 0, keepsNodes: true)
        for leaf in leaves {
            try builder.add(leaf)
            // As from storage, so that nothing is shared with the leaves here.
            for (key, node) in builder.takeNodes() { cache.insert(key, try TreeNode(bytes: node.bytes)) }
        }
        let grown = resident() - before
        return (cache.bytes, grown)
    }

    /// Bytes of the process in memory.
    private func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        fgets(&line, 128, file)
        let fields = line.prefix { $0 != 0 }.split(separator: 32)
        let digits = fields.count > 1 ? String(decoding: fields[1].map { UInt8($0) }, as: UTF8.self) : ""
        return (Int(digits) ?? 0) * Int(getpagesize())
    }

    private func preimage(_ number: UInt64) -> [UInt8] {
        [1] + (0..<20).map { $0 < 8 ? UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) : 7 }
    }

    private func value(_ seed: UInt64) -> [UInt8] {
        (0..<80).map { UInt8(truncatingIfNeeded: seed >> UInt64($0 % 8 * 8)) }
    }

    private func record(_ number: UInt64, _ seed: UInt64) -> TreeLeaf {
        TreeLeaf(preimage: preimage(number), value: value(seed ^ number))
    }

    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
