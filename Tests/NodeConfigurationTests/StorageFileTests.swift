import Foundation
import NodeConfiguration
import Testing

@Suite("Storage's file")
struct StorageFileTests {
    @Test("the shipped one is read whole")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try StorageFile.read(root.appendingPathComponent("config/storage.yaml").path)
        #expect(
            file.cacheBytes == 256 << 20 && file.writeBufferBytes == 64 << 20 && file.logBytes == 128 << 20)
        #expect(file.uploadBytes == 64 << 20 && file.ballastBytes == 64 << 20)
        #expect(file.backgroundJobs == 2 && file.readerThreads == 2 && file.maxScans == 16)
    }

    @Test("all faults come at once, with line and cure")
    func faults() {
        do {
            _ = try StorageFile.parse("balast_bytes: 5\nmax_scans: 0\nlog_bytes: x\n", file: "storage.yaml")
            Issue.record("faults were passed over")
        } catch let error as ConfigurationError {
            #expect(error.faults.map(\.line) == [1, 2, 3])
            #expect(error.description.contains("did you mean `ballast_bytes`?"))
            #expect(error.description.contains("`max_scans` is 0: give a whole number from 1 to 1024"))
        } catch {
            Issue.record("\(error)")
        }
    }
}
