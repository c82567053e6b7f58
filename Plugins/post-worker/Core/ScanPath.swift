internal import CPostKernels

/// How labels are examined: the instructions named.
package enum ScanPath: String, CaseIterable, Sendable {
    /// Four labels a register, with VAES.
    case vaes
    /// One label a register, with AES-NI.
    case aesni
    /// Tables in Swift: runs everywhere.
    case portable

    /// Whether processor and system can run it.
    package var isAvailable: Bool {
        switch self {
        case .vaes: post_cpu_has_vaes() != 0
        case .aesni: post_cpu_has_aesni() != 0
        case .portable: true
        }
    }

    /// Those that this machine can run, the one expected to be fastest first; never none.
    package static var available: [ScanPath] { allCases.filter(\.isAvailable) }
    /// The path expected to be fastest here.
    package static var expected: ScanPath { available.first ?? .portable }
}

/// Examines stored labels for all nonces of a pass, for one thread at a time.
package struct LabelScanner: Sendable {
    private static let block = Int(POST_SCAN_LABELS)

    private let path: ScanPath
    private let pass: ScanPass
    private var found: [UInt32]

    /// A scanner; nil when this machine cannot run the path.
    package init?(_ path: ScanPath = .expected, pass: ScanPass) {
        guard path.isAvailable else { return nil }
        self.path = path
        self.pass = pass
        found = [UInt32](repeating: 0, count: 16 * LabelScanner.block)
    }

    /// Adds the hits among consecutive labels of 16 bytes, in the order of the original's prover.
    ///
    /// That order is by eight labels, then by group, then by label and nonce. A rest of fewer than eight labels is left out.
    /// On a plot of the running network a hit comes once in 2^29 pairs of label and nonce; with a handful of labels most pairs
    /// may be one, so the caller bounds what it scans at a time.
    package mutating func scan(
        _ labels: UnsafeRawBufferPointer, from first: UInt64, into hits: inout [ScanHit]
    ) {
        guard let base = labels.baseAddress else { return }
        let count = labels.count / ScanPass.chunkBytes * ScanPass.chunkLabels
        for start in stride(from: 0, to: count, by: LabelScanner.block) {
            let part = min(LabelScanner.block, count - start)
            var order: [(key: UInt64, hit: ScanHit)] = []
            for place in pass.groups.indices {
                let number = UInt32(pass.groups[place].number)
                let hitCount = examine(base + 16 * start, part, group: place)
                for entry in found[..<hitCount] {
                    let label = UInt64(entry / 16)
                    let hit = ScanHit(
                        nonce: number * ProofCipher.noncesPerGroup + entry % 16,
                        index: first &+ UInt64(start) &+ label)
                    let chunk = label / UInt64(ScanPass.chunkLabels)
                    order.append((chunk << 32 | UInt64(number) << 16 | UInt64(entry % 128), hit))
                }
            }
            order.sort { $0.key < $1.key }
            hits += order.map(\.hit)
        }
    }

    /// Runs the kernel on one block for one group; the hits are the first of `found`.
    private mutating func examine(_ labels: UnsafeRawPointer, _ count: Int, group: Int) -> Int {
        let (msb, lsb) = (pass.difficulty.msb, pass.difficulty.lsb)
        let bytes = labels.assumingMemoryBound(to: UInt8.self)
        let path = path
        return found.withUnsafeMutableBufferPointer { hits in
            guard let hits = hits.baseAddress else { return 0 }
            return pass.withKeys(of: group) { keys in
                switch path {
                case .vaes: post_scan_vaes(bytes, count, keys, keys + 1, msb, lsb, hits)
                case .aesni: post_scan_aesni(bytes, count, keys, keys + 1, msb, lsb, hits)
                case .portable: portableScan(labels, count, keys, msb, lsb, hits)
                }
            }
        }
    }
}

/// The portable twin of the kernels.
private func portableScan(
    _ labels: UnsafeRawPointer, _ count: Int, _ keys: UnsafePointer<post_aes_keys>, _ msb: UInt8,
    _ lsb: UInt64, _ hits: UnsafeMutablePointer<UInt32>
) -> Int {
    var found = 0
    for label in 0..<count {
        func word(_ place: Int) -> UInt32 {
            UInt32(
                littleEndian: labels.loadUnaligned(fromByteOffset: 16 * label + 4 * place, as: UInt32.self))
        }
        let block = SIMD4(word(0), word(1), word(2), word(3))
        let words = AES128.encrypt(block, UnsafeRawPointer(keys))
        for nonce in 0..<16 {
            let byte = UInt8(truncatingIfNeeded: words[nonce / 4] >> UInt32(8 * (nonce % 4)))
            guard byte <= msb else { continue }
            if byte == msb {
                let lazy = AES128.encrypt(block, UnsafeRawPointer(keys + 1 + nonce))
                let rest = (UInt64(lazy[1]) << 32 | UInt64(lazy[0])) & ProvingDifficulty.lowBits
                guard rest < lsb else { continue }
            }
            hits[found] = UInt32(16 * label + nonce)
            found += 1
        }
    }
    return found
}
