import Foundation
import Testing

/// Real processes under load and faults, audited by their journals.
@Suite("Faults", .serialized)
struct FaultTests {
    struct Result: Decodable {
        let injections: Int
        let kinds: [String: Int]
        let requests: Int
        let events: Int
        let streams: Int
        let recoveryMs: Int
        let unaccounted: Int
        let problems: [String]
    }

    private func drive(_ arguments: [String]) throws -> Result? {
        let (_, output) = try Programs.run("BusRig", ["drive", "--json"] + arguments, timeout: 900)
        guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
            Issue.record("the rig said: \(output.suffix(500))")
            return nil
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Result.self, from: Data(line.utf8))
    }

    @Test("105 faults of seven kinds leave nothing unaccounted")
    func accounted() throws {
        guard let result = try drive(["--injections", "105", "--seed", "1", "--pause", "900"]) else { return }
        print("faults: \(result)")
        #expect(result.problems == [])
        #expect(result.unaccounted == 0)
        #expect(result.kinds.count == 7 && result.kinds.values.allSatisfy { $0 >= 10 })
        #expect(result.requests > 10_000 && result.events > 10_000 && result.streams > 100)
        #expect(result.recoveryMs < 2000)
    }

    @Test("a router that drops one message in 10,000 is caught")
    func plantedDrop() throws {
        let library = NSTemporaryDirectory() + "drop-\(UUID().uuidString.prefix(8)).so"
        defer { try? FileManager.default.removeItem(atPath: library) }
        let source = "\(Programs.root)/Tests/BusRig/planted/drop.c"
        let built = try Programs.run(
            "/usr/bin/env", ["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"])
        #expect(built.status == 0, "\(built.output)")
        guard
            let result = try drive([
                "--injections", "0", "--seed", "1", "--seconds", "20", "--preload", library,
            ])
        else { return }
        #expect(result.unaccounted > 0)
    }

    @Test("a stopped consumer costs its windows, and nobody else their rate")
    func stall() throws {
        let (status, output) = try Programs.run("BusRig", ["stall", "--seconds", "10"], timeout: 60)
        print("stall: \(output)")
        #expect(status == 0, "\(output)")
    }
}
