package import NodeDomain

/// Something that computes labels: the processor's instructions here, a graphics card later.
package protocol LabelProvider: Sendable {
    /// Short name for people and configuration.
    var name: String { get }
    /// Whether this machine has what it needs.
    var isAvailable: Bool { get }

    /// A worker for labels of one cost.
    ///
    /// - Throws: `LabelFault` when the provider is not available here, or has no memory.
    func makeWorker(scryptN: UInt32) throws(LabelFault) -> any LabelWorker
}

/// Computes labels, for one thread at a time.
package protocol LabelWorker: AnyObject {
    /// How many labels are computed at a time: asking for multiples of it wastes nothing.
    var batch: Int { get }
    /// Memory that the worker holds, in bytes.
    var memory: Int { get }

    /// Full labels of 32 bytes at any indices.
    func labels(of commitment: Bytes32, at indices: [UInt64]) -> [Bytes32]
}

extension LabelWorker {
    /// Full labels at consecutive indices, which wrap around after the last one of 64 bits.
    package func labels(of commitment: Bytes32, from first: UInt64, count: Int) -> [Bytes32] {
        labels(of: commitment, at: (0..<count).map { first &+ UInt64($0) })
    }
}

/// Why there is no worker.
package enum LabelFault: Error, Equatable, Sendable {
    /// The cost of a label is not one that can be computed.
    case plot(PlotFault)
    /// The processor lacks the instructions.
    case unavailable(String)
    /// The system gave no memory.
    case memory(bytes: Int)
}

extension LabelFault: CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .plot(let fault): fault.description
        case .unavailable(let name):
            "this processor cannot run `\(name)`: take one that is listed as available"
        case .memory(let bytes): "no memory for \(bytes) bytes of tables: free some, or use fewer workers"
        }
    }
}

/// The providers of this machine, and the choice between them.
package enum LabelProviders {
    /// A provider and the labels a second that one of its workers made.
    package struct Rate: Sendable {
        /// Who was measured.
        package let provider: any LabelProvider
        /// What came out.
        package let labelsPerSecond: Double

        /// A measured rate.
        package init(provider: any LabelProvider, labelsPerSecond: Double) {
            self.provider = provider
            self.labelsPerSecond = labelsPerSecond
        }
    }

    /// All that are built in, the one expected to be fastest first.
    package static let all: [any LabelProvider] = InstructionSet.allCases.map { $0 }

    /// Those that this machine can run: always one at least.
    package static var available: [any LabelProvider] { all.filter(\.isAvailable) }

    /// The provider expected to be fastest here, without measuring.
    package static var expected: any LabelProvider { available.first ?? InstructionSet.portable }

    /// Measures one worker over a number of batches, by a clock that the caller turns.
    ///
    /// - Throws: `LabelFault` when there is no worker.
    package static func measure(
        _ provider: any LabelProvider, scryptN: UInt32, batches: Int, seconds: () -> Double
    ) throws(LabelFault) -> Rate {
        let worker = try provider.makeWorker(scryptN: scryptN)
        // The first batch touches the memory for the first time, which nobody pays again.
        _ = worker.labels(of: .zero, from: 0, count: worker.batch)
        let start = seconds()
        for number in 0..<max(batches, 1) {
            _ = worker.labels(of: .zero, from: UInt64(number * worker.batch), count: worker.batch)
        }
        let took = max(seconds() - start, 1e-9)
        return Rate(
            provider: provider, labelsPerSecond: Double(max(batches, 1) * worker.batch) / took)
    }

    /// The fastest of what was measured; nil of nothing.
    package static func choose(_ rates: [Rate]) -> (any LabelProvider)? {
        rates.max { $0.labelsPerSecond < $1.labelsPerSecond }?.provider
    }
}
