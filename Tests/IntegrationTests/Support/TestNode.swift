import Foundation
import Testing

/// A node in a folder of its own, ended with the object.
final class TestNode {
    let folder = NSTemporaryDirectory() + "node-\(UUID().uuidString.prefix(8))"

    var data: String { "\(folder)/data" }
    var run: String { "\(folder)/run" }

    /// Two example plugins beside the router.
    static let examples = """
        processes:
          - {name: example-1, role: example, program: spacenode-example, arguments: ["--bus", "{bus}", "--name", "{name}"]}
          - {name: example-2, role: example, program: spacenode-example}

        """

    init(node: String = TestNode.examples, router: String? = nil) throws {
        try FileManager.default.createDirectory(
            atPath: "\(data)/config", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try node.write(toFile: "\(data)/config/node.yaml", atomically: true, encoding: .utf8)
        // Other nodes may be on this machine, with the port that this one would have.
        try "listen: []\n".write(toFile: "\(data)/config/p2p.yaml", atomically: true, encoding: .utf8)
        // Proofs take processors, which other tests need.
        try "plots: []\n".write(toFile: "\(data)/config/miner.yaml", atomically: true, encoding: .utf8)
        try "work: false\n".write(toFile: "\(data)/config/poet.yaml", atomically: true, encoding: .utf8)
        try router?.write(toFile: "\(data)/config/router.yaml", atomically: true, encoding: .utf8)
    }

    deinit {
        _ = try? spacenode("down", timeout: 40)
        try? FileManager.default.removeItem(atPath: folder)
    }

    @discardableResult
    func spacenode(_ words: String..., timeout: TimeInterval = 30) throws -> (status: Int32, output: String) {
        try Programs.run("spacenode", words + place, timeout: timeout)
    }

    var place: [String] { ["--data", data, "--run-dir", run] }

    /// Starts a command that goes on, with its output in a file.
    func start(_ words: String..., log: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode")
        process.arguments = words + place
        _ = FileManager.default.createFile(atPath: "\(folder)/\(log)", contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: "\(folder)/\(log)")
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    func text(_ log: String) -> String {
        (try? String(contentsOfFile: "\(folder)/\(log)", encoding: .utf8)) ?? ""
    }

    // MARK: - What status says

    func status() throws -> [String: Any] {
        let output = try spacenode("status", "--json").output
        return try #require(
            try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "\(output)")
    }

    /// Of the supervisor.
    func supervisor() throws -> Int32 {
        let node = try #require(try status()["node"] as? [String: Any])
        return try #require(node["pid"] as? Int).int32
    }

    func process(_ name: String) throws -> [String: Any] {
        let all = try #require(try status()["processes"] as? [[String: Any]])
        return try #require(all.first { $0["name"] as? String == name }, "\(all)")
    }

    func pid(_ name: String) throws -> Int32 {
        try #require(try process(name)["pid"] as? Int).int32
    }

    func state(_ name: String) throws -> String {
        try process(name)["state"] as? String ?? ""
    }

    func wait(_ seconds: Double, until condition: () throws -> Bool) rethrows -> Bool {
        let end = Date() + seconds
        while Date() < end {
            if try condition() { return true }
            usleep(50_000)
        }
        return try condition()
    }

    /// Processes of this node that live, whoever started them.
    func living() throws -> [Int32] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        return names.filter { pid in
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            return String(decoding: environment, as: UTF8.self).contains(":\(data)\0")
        }
    }
}

extension Int {
    fileprivate var int32: Int32 { Int32(clamping: self) }
}
