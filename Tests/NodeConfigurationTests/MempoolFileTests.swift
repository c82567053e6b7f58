import Foundation
import NodeConfiguration
import Testing

@Suite("Mempool's file")
struct MempoolFileTests {
    @Test("the shipped one is read whole")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try MempoolFile.read(root.appendingPathComponent("config/mempool.yaml").path)
        #expect(file.maxTransactions == 65_536 && file.maxBytes == 32 << 20)
        #expect(file.maxPerAccount == 100 && file.syncMilliseconds == 500)
    }

    @Test("all faults come at once, with line and cure")
    func faults() {
        do {
            _ = try MempoolFile.parse(
                "max_byte: 5\nmax_transactions: 0\nsync_ms: 1001\n", file: "mempool.yaml")
            Issue.record("faults were passed over")
        } catch let error as ConfigurationError {
            #expect(error.faults.map(\.line) == [1, 2, 3])
            #expect(error.description.contains("did you mean `max_bytes`?"))
            #expect(error.description.contains("`sync_ms` is 1001: give a whole number from 10 to 1000"))
        } catch {
            Issue.record("\(error)")
        }
    }
}
