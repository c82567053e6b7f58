import Foundation
import NodeConfiguration
import Testing

@Suite("Post-worker's file")
struct PostWorkerFileTests {
    @Test("the shipped one is read whole")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try PostWorkerFile.read(root.appendingPathComponent("config/post-worker.yaml").path)
        #expect(file.plots == nil && file.scryptN == 8192 && file.threads == 0 && file.disks.isEmpty)
        #expect(file.readBytesPerSecond == 0 && file.rescanSeconds == 600 && file.proofOfWork == true)
        #expect(file.verifyThreads == 1 && file.verifyQueue == 64 && file.verifyCache == 4096)
    }

    @Test("all values")
    func whole() throws {
        let text = """
            plots: [/mnt/a, /mnt/b]
            disks:
              - {name: sda, read_bytes_per_second: 70000}
            machine: attic
            """
        let file = try PostWorkerFile.parse(text, file: "post-worker.yaml")
        #expect(
            file.plots == ["/mnt/a", "/mnt/b"] && file.disks == ["sda": 70_000] && file.machine == "attic")
    }

    @Test("all faults come at once, with line and cure")
    func faults() {
        let text = """
            plots: [mnt, /a, /a/b, /c/../d]
            scrypt_n: 100
            read_bytes_per_second: 5
            thread: 1
            disks:
              - {name: sda}
              - {name: sdb, read_bytes_per_second: 1}
            """
        do {
            _ = try PostWorkerFile.parse(text, file: "post-worker.yaml")
            Issue.record("faults were passed over")
        } catch let error as ConfigurationError {
            let all = error.description
            #expect(error.faults.map(\.line) == [1, 1, 1, 2, 3, 4, 6, 7], "\(all)")
            #expect(all.contains("`plots` has mnt: write the whole path"))
            #expect(all.contains("`plots` has /a/b and /a: name a directory once"))
            #expect(all.contains("`scrypt_n` is 100: give a power of two"))
            #expect(all.contains("did you mean `threads`?"))
        } catch {
            Issue.record("\(error)")
        }
    }
}
