internal import CPostKernels
internal import NodeDomain

/// Labels by the processor, with the instructions named.
package enum InstructionSet: String, CaseIterable, Sendable {
    /// Sixteen labels at a time in registers of 512 and 256 bits.
    case avx512
    /// Eight labels at a time in registers of 256 bits.
    case avx2
    /// Two labels at a time in Swift's vectors: runs everywhere.
    case portable
}

extension InstructionSet: LabelProvider {
    /// The name of the case.
    package var name: String { rawValue }

    /// Whether processor and system can run it.
    package var isAvailable: Bool {
        switch self {
        case .avx512: post_cpu_has_avx512() != 0
        case .avx2: post_cpu_has_avx2() != 0
        case .portable: true
        }
    }

    /// A worker with its tables.
    ///
    /// - Throws: `LabelFault` when the processor cannot run it, or there is no memory.
    package func makeWorker(scryptN: UInt32) throws(LabelFault) -> any LabelWorker {
        do throws(PlotFault) {
            try Plot.check(scryptN: scryptN)
        } catch {
            throw .plot(error)
        }
        guard isAvailable else { throw .unavailable(name) }
        return try ProcessorLabels(self, scryptN: scryptN)
    }

    /// The kernel to use for some labels that are left.
    fileprivate func kernel(for left: Int) -> LabelKernel {
        switch self {
        case .avx512 where left > LabelKernel.avx2.lanes: .avx512
        // AVX-512 includes AVX2, which is through with half the labels sooner.
        case .avx512, .avx2: .avx2
        case .portable: .portable
        }
    }

    fileprivate var widest: LabelKernel { kernel(for: .max) }
}

/// A loop that mixes some labels together.
private struct LabelKernel: Sendable {
    let lanes: Int
    let mix: @Sendable (UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer, UInt32) -> Void

    static let avx512 = LabelKernel(lanes: Int(POST_AVX512_LANES)) { post_mix_avx512($0, $1, $2) }
    static let avx2 = LabelKernel(lanes: Int(POST_AVX2_LANES)) { post_mix_avx2($0, $1, $2) }
    static let portable = LabelKernel(lanes: 2) { portableMix($0, $1, $2) }
}

/// A worker on the processor: tables of its own, used again for each batch.
private final class ProcessorLabels: LabelWorker {
    private let instructions: InstructionSet
    private let scryptN: UInt32
    private let tables: UnsafeMutableRawPointer
    private let blocks: UnsafeMutablePointer<UInt32>
    let batch: Int
    let memory: Int

    init(_ instructions: InstructionSet, scryptN: UInt32) throws(LabelFault) {
        batch = instructions.widest.lanes
        memory = batch * Int(scryptN) * 128
        guard let tables = post_memory_map(memory) else { throw .memory(bytes: memory) }
        self.instructions = instructions
        self.scryptN = scryptN
        self.tables = tables
        blocks = UnsafeMutableRawPointer.allocate(
            byteCount: batch * LabelHash.blockWords * 4, alignment: 64
        ).bindMemory(to: UInt32.self, capacity: batch * LabelHash.blockWords)
        blocks.initialize(repeating: 0, count: batch * LabelHash.blockWords)
    }

    deinit {
        post_memory_unmap(tables, memory)
        blocks.deallocate()
    }

    func labels(of commitment: Bytes32, at indices: [UInt64]) -> [Bytes32] {
        var result: [Bytes32] = []
        result.reserveCapacity(indices.count)
        while result.count < indices.count {
            let kernel = instructions.kernel(for: indices.count - result.count)
            let part = indices[result.count..<min(result.count + kernel.lanes, indices.count)]
            mix(commitment, part, kernel, into: &result)
        }
        return result
    }

    private func mix(
        _ commitment: Bytes32, _ indices: ArraySlice<UInt64>, _ kernel: LabelKernel,
        into result: inout [Bytes32]
    ) {
        // Lanes without a label mix what was left there: their words are read by nobody.
        let ends = indices.map { LabelHash(commitment: commitment, index: $0) }
        for (lane, end) in ends.enumerated() { end.begin(blocks + lane * LabelHash.blockWords) }
        kernel.mix(blocks, tables, scryptN)
        for (lane, end) in ends.enumerated() {
            result.append(end.finish(blocks + lane * LabelHash.blockWords))
        }
    }
}
