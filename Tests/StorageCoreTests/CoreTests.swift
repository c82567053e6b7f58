import Foundation
import StorageCore
import StorageWire
import Testing

@Suite("Keyspaces")
struct KeyspaceTests {
    private let table = KeyspaceTable.node

    private func mayWrite(_ keyspace: Keyspace, _ role: StorageRole) -> Bool {
        (try? table.checkWrite(keyspace, role: role.rawValue)) != nil
    }

    @Test("each keyspace has one line, one name and one writer")
    func lines() {
        #expect(KeyspaceTable.node.rules.map(\.keyspace) == Keyspace.all.map(\.keyspace))
        #expect(Set(Keyspace.all.map(\.name)).count == Keyspace.all.count)
        for rule in KeyspaceTable.node.rules {
            for role in StorageRole.allCases {
                #expect(mayWrite(rule.keyspace, role) == (role == rule.writer))
            }
            #expect(Keyspace(name: rule.keyspace.name) == rule.keyspace)
        }
    }

    @Test("the operator reads all and writes nothing; others read what their lines say")
    func reading() throws {
        for rule in table.rules {
            let number = UInt32(rule.keyspace.rawValue)
            #expect(try table.checkRead(number, role: StorageRole.operator.rawValue) == rule.keyspace)
            for role in StorageRole.allCases {
                let may = role == rule.writer || rule.readers.contains(role)
                #expect(((try? table.checkRead(number, role: role.rawValue)) != nil) == may)
            }
        }
    }

    @Test("a refusal names keyspace, who may, and who asked")
    func words() {
        #expect(throws: StorageRefusal(.forbidden, "keyspace blocks is written by consensus, not by role vm"))
        {
            try table.checkWrite(.blocks, role: 3)
        }
        #expect(
            throws: StorageRefusal(
                .forbidden, "keyspace mempool is read by mempool, operator, not by role api")
        ) { try table.checkRead(32, role: 11) }
        #expect(throws: StorageRefusal(.forbidden, "there is no keyspace 99")) {
            try table.checkWrite(Keyspace(rawValue: 99), role: 3)
        }
        for number: UInt32 in [0, 99, 255, 256, 257, .max] {
            #expect(throws: StorageRefusal(.forbidden, "there is no keyspace \(number)")) {
                try table.checkRead(number, role: 12)
            }
        }
        #expect(throws: StorageRefusal.self) { try table.checkWrite(.state, role: .max) }
    }

    @Test("role numbers are those of the contracts")
    func roles() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try Data(contentsOf: root.appendingPathComponent("Protos/contracts.json"))
        let file = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let roles = try #require(file?["roles"] as? [String: UInt32])
        for role in StorageRole.allCases { #expect(roles["\(role)"] == role.rawValue) }
    }
}

@Suite("Bounds of a scan")
struct ScanBoundsTests {
    /// Every key of up to three bytes out of four values.
    private let keys: [[UInt8]] = {
        let letters: [UInt8] = [0, 1, 0xfe, 0xff]
        var all: [[UInt8]] = letters.map { [$0] }
        all += letters.flatMap { a in letters.map { [a, $0] } }
        all += all.filter { $0.count == 2 }.flatMap { a in letters.map { a + [$0] } }
        return all.sorted { $0.lexicographicallyPrecedes($1) }
    }()

    @Test("bounds select what the wish says")
    func selection() throws {
        var state: UInt64 = 7
        func pick() -> [UInt8] {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Int(state >> 33)
            return number % 3 == 0 ? [] : keys[number % keys.count]
        }
        for round in 0..<2000 {
            var wish = ScanBounds.Wish()
            wish.prefix = Array(pick().prefix(round % 3))
            wish.from = pick()
            wish.to = pick()
            wish.after = pick()
            wish.isReverse = round % 2 == 0
            let bounds = try ScanBounds(wish)
            let selected = keys.filter { key in
                !key.lexicographicallyPrecedes(bounds.lower)
                    && (bounds.upper.map { key.lexicographicallyPrecedes($0) } ?? true)
            }
            let wanted = keys.filter { key in
                key.starts(with: wish.prefix) && !key.lexicographicallyPrecedes(wish.from)
                    && (wish.to.isEmpty || key.lexicographicallyPrecedes(wish.to))
                    && (wish.after.isEmpty
                        || (wish.isReverse
                            ? key.lexicographicallyPrecedes(wish.after)
                            : wish.after.lexicographicallyPrecedes(key)))
            }
            #expect(selected == wanted, "\(wish)")
            if bounds.isEmpty { #expect(selected == []) }
        }
    }

    @Test("bounds over the limit are refused")
    func limits() throws {
        var wish = ScanBounds.Wish()
        wish.from = [UInt8](repeating: 1, count: StorageLimit.keyBytes)
        _ = try ScanBounds(wish)
        wish.to = [UInt8](repeating: 2, count: StorageLimit.keyBytes + 1)
        #expect(throws: StorageRefusal(.invalid, "a bound of 1025 bytes: 1024 are allowed")) {
            try ScanBounds(wish)
        }
    }
}

@Suite("Uploads and replies")
struct UploadTests {
    @Test("nothing comes after the commit, and nothing counts without one")
    func order() throws {
        var state = UploadState()
        try state.begin(bytes: 10)
        try state.add(operations: 2, commit: false)
        #expect(throws: StorageRefusal.self) { try state.end() }
        try state.begin(bytes: 5)
        try state.add(operations: 1, commit: true)
        try state.end()
        #expect(state.bytes == 15 && state.operations == 3)
        #expect(throws: StorageRefusal(.invalid, "an item came after the one that commits")) {
            try state.begin(bytes: 0)
        }
    }

    @Test("uploads share one budget")
    func budget() throws {
        var budget = UploadBudget(limit: 100)
        try budget.take(60)
        #expect(throws: StorageRefusal.self) { try budget.take(41) }
        try budget.take(40)
        budget.give(60)
        #expect(budget.used == 40)
        try budget.take(60)
    }

    @Test("operations of all items count together")
    func operations() throws {
        var state = UploadState()
        try state.add(operations: StorageLimit.operations, commit: false)
        #expect(throws: StorageRefusal.self) { try state.add(operations: 1, commit: true) }
    }

    @Test("a reply takes values while they fit, and one always")
    func room() {
        var room = ReplyRoom()
        let fits = [StorageLimit.valueBytes, StorageLimit.valueBytes, 1000].map { room.take($0) }
        #expect(fits == [true, false, true])
        var small = ReplyRoom()
        let all = (0..<StorageLimit.multiGetKeys).map { _ in small.take(3000) }
        #expect(!all.contains(false))
    }
}

@Suite("The log's end")
struct LogTests {
    @Test("a mark is read again; anything else is none")
    func mark() {
        for sequence: UInt64 in [0, 1, 0x0102_0304_0506_0708, .max] {
            let bytes = DurableMark(sequence: sequence).bytes
            #expect(bytes.count == DurableMark.count)
            #expect(DurableMark(bytes: bytes)?.sequence == sequence)
            for place in bytes.indices {
                var torn = bytes
                torn[place] ^= 0x10
                #expect(DurableMark(bytes: torn) == nil)
            }
            #expect(DurableMark(bytes: bytes.dropLast()) == nil)
            #expect(DurableMark(bytes: bytes + [0]) == nil)
        }
        #expect(DurableMark(bytes: [UInt8](repeating: 0, count: 16)) == nil)
    }

    @Test("what nobody was promised may be missing, what was promised may not")
    func verdict() {
        let failure = StorageFailure(rocksDB: "Corruption: checksum mismatch in file /a/b/000004.log")
        func verdict(_ readable: UInt64, _ mark: UInt64?) -> LogVerdict {
            LogVerdict(
                readable: readable, durable: mark.map { DurableMark(sequence: $0) }, failure: failure,
                directory: "/a/b")
        }
        for (readable, mark) in [(10, nil), (10, 10), (11, 10)] as [(UInt64, UInt64?)] {
            guard case .openWithout(let note) = verdict(readable, mark) else {
                Issue.record("\(readable) \(String(describing: mark))")
                continue
            }
            #expect(note.contains("after operation \(readable)") && note.contains("000004.log"))
        }
        #expect(
            verdict(9, 10)
                == .refuse(
                    "the log in /a/b is damaged after operation 9, but 10 were acknowledged as durable (Corruption: checksum mismatch in file 000004.log)"
                ))
    }

    @Test("RocksDB's words are told apart")
    func kinds() {
        let words: [(String, StorageFailure.Kind)] = [
            ("IO error: No space left on device: While appending to file: /d/db/000012.log", .full),
            ("IO error: Disk quota exceeded: x", .full),
            ("Corruption: block checksum mismatch: stored = 1, computed = 2", .corruption),
            ("IO error: While fdatasync: /d/db/000012.log: Input/output error", .io),
            ("IO error: While lock file: /d/db/LOCK: Resource temporarily unavailable", .locked),
            ("IO error: lock hold by current process, acquire time 1: /d/db/LOCK", .locked),
            ("Invalid argument: Column families not opened", .other),
        ]
        for (text, kind) in words { #expect(StorageFailure(rocksDB: text).kind == kind, "\(text)") }
        #expect(
            StorageFailure(rocksDB: words[3].0).text
                == "IO error: While fdatasync: 000012.log: Input/output error")
    }
}
