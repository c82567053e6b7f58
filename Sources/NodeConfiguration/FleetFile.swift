internal import Foundation

/// A plan: one identity's plot, which worker holds which of its files, and what a proof is asked for.
package struct FleetFile: Sendable, Equatable {
    /// A run of files in one directory of one worker.
    package struct Segment: Sendable, Equatable {
        package let worker: String
        package let directory: String
        package let files: Range<UInt64>
        /// Where it stands in the file.
        package let line: Int
    }

    /// What a network asks of a proof, and for which challenge.
    package struct Proof: Sendable, Equatable {
        /// 64 hexadecimal digits.
        package let challenge: String
        package let k1: UInt32
        package let k2: Int
        /// 64 hexadecimal digits.
        package let powDifficulty: String
        package let nonces: UInt32
        package let maxNonces: UInt32
    }

    /// 64 hexadecimal digits each.
    package let identity, commitmentATX: String
    package let units: UInt32
    package let labelsPerUnit: UInt64
    package let scryptN: UInt32
    package let maxFileSize: UInt64
    package let segments: [Segment]
    /// nil: the plan is for making alone.
    package let proof: Proof?

    /// Reads a plan.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> FleetFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError([
                .init(
                    file: path, line: 0, text: "cannot be read: check the path and that this user may read it"
                )
            ])
        }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of a plan.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> FleetFile {
        let root = MappingReader(try compose(text, file), file: file)
        let proofNode = root.node("prove")
        let proof = proofNode.map { MappingReader($0, file: file) }
        let entries = root.mappings("segments")
        let result = FleetFile(
            identity: hex(root, "identity", "public key of the identity"),
            commitmentATX: hex(root, "commitment_atx", "the activation that the plot was begun with"),
            units: UInt32(number(root, "units", 1...1 << 30, "size of the plot")),
            labelsPerUnit: UInt64(number(root, "labels_per_unit", 1...1 << 50, "the network's")),
            scryptN: scryptN(root), maxFileSize: fileSize(root),
            segments: entries.map { segment($0) }, proof: proof.map { Proof($0) })
        root.require("segments", "a list of worker, directory and files")
        for reader in entries { _ = reader.finish() }
        _ = proof?.finish()
        let faults = root.finish(with: entries + (proof.map { [$0] } ?? []))
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }

    static func segment(_ reader: MappingReader) -> Segment {
        for key in ["worker", "directory", "files"] {
            reader.require(key, "each segment has worker, directory and files")
        }
        let directory = reader.string("directory") ?? "/"
        if !directory.hasPrefix("/") {
            reader.fault(
                reader.line(of: "directory"),
                "`directory` \(directory): write the path from / on, as the worker has it")
        }
        var files: Range<UInt64> = 0..<1
        if let text = reader.string("files") {
            if let run = run(text) {
                files = run
            } else {
                reader.fault(
                    reader.line(of: "files"),
                    "`files` is \(text): write the first and last number, such as 0-15, or one")
            }
        }
        return Segment(
            worker: reader.string("worker") ?? "", directory: directory, files: files, line: reader.line)
    }

    /// `3` or `0-15`.
    private static func run(_ text: String) -> Range<UInt64>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map {
            UInt64($0.trimmingCharacters(in: .whitespaces))
        }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            first <= last,
            last < UInt64.max
        else { return nil }
        return first..<last + 1
    }

    static func hex(_ reader: MappingReader, _ key: String, _ what: String) -> String {
        reader.require(key, what)
        guard let text = reader.string(key) else { return "" }
        if text.wholeMatch(of: /[0-9a-fA-F]{64}/) == nil {
            reader.fault(reader.line(of: key), "`\(key)` must be 64 hexadecimal digits: \(what)")
        }
        return text
    }

    static func number(
        _ reader: MappingReader, _ key: String, _ range: ClosedRange<Int>, _ what: String
    ) -> Int {
        reader.require(key, what)
        return reader.integer(key, range) ?? range.lowerBound
    }

    private static func scryptN(_ reader: MappingReader) -> UInt32 {
        let value = reader.integer("scrypt_n", 2...65_536) ?? 8192
        if value & (value - 1) != 0 {
            reader.fault(
                reader.line(of: "scrypt_n"), "`scrypt_n` is \(value): give a power of two, the network's")
        }
        return UInt32(value)
    }

    private static func fileSize(_ reader: MappingReader) -> UInt64 {
        let value = reader.integer("max_file_size", 1024...1 << 60) ?? 4 << 30
        if value % 128 != 0 {
            reader.fault(
                reader.line(of: "max_file_size"), "`max_file_size` is \(value): give a multiple of 128 bytes")
        }
        return UInt64(value)
    }
}

extension FleetFile.Proof {
    init(_ reader: MappingReader) {
        challenge = FleetFile.hex(reader, "challenge", "what the proof is for")
        k1 = UInt32(
            FleetFile.number(reader, "k1", 1...Int(UInt32.max), "labels expected to be good for a nonce"))
        k2 = FleetFile.number(reader, "k2", 1...65_535, "indices of a proof")
        powDifficulty = FleetFile.hex(reader, "pow_difficulty", "of one unit, the network's")
        nonces = Self.nonces(reader, "nonces", 64)
        maxNonces = Self.nonces(reader, "max_nonces", 288)
    }

    private static func nonces(_ reader: MappingReader, _ key: String, _ usual: Int) -> UInt32 {
        let value = reader.integer(key, 16...4096) ?? usual
        if value % 16 != 0 {
            reader.fault(reader.line(of: key), "`\(key)` is \(value): give a multiple of 16")
        }
        return UInt32(value)
    }
}
