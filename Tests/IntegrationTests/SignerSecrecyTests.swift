import Foundation
import NodeBus
import NodeCrypto
import NodeProtocol
import SignerCore
import Testing

/// Where a signer's secrets are, and where they are not.
@Suite("Secrets of a signer", .serialized)
struct SignerSecrecyTests {
    @Test("no core files, and the seed of a key in no other process")
    func memory() async throws {
        let signer = try TestSigner()
        try signer.start()
        try await signer.with(.consensus) { bus, keys in
            _ = try await bus.vote(1, block: 1, by: keys.operator).get()
        }
        let limits = try String(
            contentsOfFile: "/proc/\(signer.process.processIdentifier)/limits", encoding: .utf8)
        let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        let sizes = core.split(separator: " ").compactMap { Int($0) }
        #expect(sizes.count == 2 && sizes.allSatisfy { $0 <= 1 }, "\(core)")
        let seed = try secretSeed(of: signer)
        let router = try #require(memory(of: signer.router.process.processIdentifier))
        #expect(router.contains(Array(signer.router.run.utf8)), "the memory was not read")
        #expect(!router.contains(seed))
    }

    /// The secret that the sealed file holds.
    private func secretSeed(of signer: TestSigner) throws -> [UInt8] {
        let file = try #require(FileManager.default.contents(atPath: "\(signer.folder)/keys/consensus.key"))
        let words = try #require(FileManager.default.contents(atPath: "\(signer.folder)/passphrase"))
        var text = Array(words.dropLast())
        return try SealedKey(bytes: [UInt8](file)).seed(SecretBytes(taking: &text)).withBytes { [UInt8]($0) }
    }

    /// All that a process has in memory that it can write to.
    private func memory(of process: Int32) -> ProcessMemory? { ProcessMemory(process) }

    @Test("files are for their owner alone, and are refused otherwise")
    func modes() throws {
        let signer = try TestSigner()
        #expect(try signer.tool("init").status == 0)
        let files = ["passphrase", "keys/consensus.key", "keys/vrf.key"]
        for file in files {
            var status = stat()
            #expect(stat("\(signer.folder)/\(file)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(file)")
        }
        for file in files {
            chmod("\(signer.folder)/\(file)", 0o640)
            try signer.start()
            #expect(signer.ended() == 2)
            #expect(signer.text().contains("chmod 600"), "\(signer.text())")
            chmod("\(signer.folder)/\(file)", 0o600)
        }
    }

    @Test("another process of the same user cannot look into it")
    func dumpable() throws {
        let signer = try TestSigner()
        var words = [
            "\(Programs.folder)/spacenode-signer", "--bus", "ipc:\(signer.data)", "--data", signer.data,
        ]
        if getuid() == 0 {
            // Root looks into everything, so it is nobody that runs it.
            guard FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv") else { return }
            _ = try Programs.run("/bin/chown", ["-R", "65534:65534", signer.data])
            chmod(signer.router.folder, 0o755)
            words = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + words
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        // The system gives what cannot be looked into to root.
        var owner: UInt32?
        let end = Date() + 20
        while owner != 0 || !isSigner(process.processIdentifier), Date() < end, process.isRunning {
            var status = stat()
            owner = stat("/proc/\(process.processIdentifier)/maps", &status) == 0 ? status.st_uid : nil
            usleep(10_000)
        }
        #expect(owner == 0 && isSigner(process.processIdentifier))
    }

    private func isSigner(_ process: Int32) -> Bool {
        let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return name?.hasPrefix("spacenode-signe") ?? false
    }
}

/// Bytes of a process's memory.
private struct ProcessMemory {
    private var parts: [Data] = []

    init?(_ process: Int32) {
        guard let maps = try? String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8),
            let file = FileHandle(forReadingAtPath: "/proc/\(process)/mem")
        else { return nil }
        for line in maps.split(separator: "\n") where line.contains(" rw") {
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, ends[1] - ends[0] <= 256 << 20, (try? file.seek(toOffset: ends[0])) != nil
            else { continue }
            if let part = try? file.read(upToCount: Int(ends[1] - ends[0])) { parts.append(part) }
        }
    }

    func contains(_ bytes: [UInt8]) -> Bool { parts.contains { $0.range(of: Data(bytes)) != nil } }
}
