import Foundation
import NodeBus
import NodeProtocol
import Testing

/// Starts and kills -9 of a signer; `SIGNER_STARTS` says how many.
@Suite("Starts of a signer", .serialized)
struct SignerStartTests {
    @Test("each start goes on where the last one was killed")
    func starts() async throws {
        let starts = ProcessInfo.processInfo.environment["SIGNER_STARTS"].flatMap { UInt64($0) } ?? 3
        let signer = try TestSigner()
        var last: (height: UInt64, signature: Data)?
        for height in 1...starts {
            try signer.start()
            let known = last
            let signature = try await signer.with(.consensus) { bus, keys in
                if let known {
                    let again = try await bus.vote(known.height, block: 1, by: keys.operator).get()
                    #expect(again.repeated && again.signature == known.signature)
                    guard case .failure = try await bus.vote(known.height, block: 2, by: keys.operator) else {
                        Issue.record("signed twice at height \(known.height)")
                        return Data()
                    }
                }
                return try await bus.vote(height, block: 1, by: keys.operator).get().signature
            }
            last = (height, signature)
            signer.stop()
        }
    }
}
