import Foundation
import Testing

/// Numbers that a seed decides.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

/// `post init` ended by SIGKILL at random points.
///
/// `PLOT_KILLS` and `PLOT_SEED` in the environment ask for more points, or others.
@Suite("Plots and SIGKILL", .serialized)
struct PlotKillTests {
    private let kills: Int
    private let seed: UInt64
    private var random: Seeded

    init() {
        let environment = ProcessInfo.processInfo.environment
        kills = environment["PLOT_KILLS"].flatMap(Int.init) ?? 5
        seed = environment["PLOT_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...1_000_000)
        random = Seeded(state: seed)
    }

    /// A plot that takes a second or two, in eight files.
    private func command() throws -> PlotCommand {
        try PlotCommand(labels: 60_000, scryptN: 1024, maxFileSize: 128 << 10)
    }

    /// Kills the making of a directory again and again, and then lets it end.
    ///
    /// - Returns: how often it was killed.
    private mutating func wear(
        _ command: PlotCommand, _ name: String, kills: Int, whole: Double, _ more: [String] = []
    ) throws -> Int {
        var killed = 0
        for _ in 0..<kills {
            let after = Double.random(in: 0...2 * whole / Double(kills + 1), using: &random)
            guard try command.makeAndKill(name, after: after, more) else { return killed }
            killed += 1
            let files = (try? command.contents(name)) ?? [:]
            if let text = files["postdata_metadata.json"] {
                #expect((try? JSONSerialization.jsonObject(with: text)) != nil, "seed \(seed)")
            }
        }
        let last = try Programs.run("spacenode", command.initWords(name) + more, timeout: 120)
        #expect(last.status == 0, "seed \(seed): \(last.output)")
        return killed
    }

    @Test("killed at random points, the files are those of a run that nobody killed")
    mutating func killed() throws {
        let command = try command()
        let start = Date()
        #expect(try command.make("whole").status == 0)
        let whole = Date().timeIntervalSince(start)
        var files = try command.contents("whole")
        let killed = try wear(command, "killed", kills: kills, whole: whole)
        #expect(killed >= kills / 2, "seed \(seed)")
        var worn = try command.contents("killed")
        // What was being written when the process was killed may still lie there.
        worn["postdata_metadata.json.new"] = nil
        #expect(worn == files && files.count == 9, "seed \(seed)")

        // The same cut over three directories: two machines' files, and one in the middle.
        let parts = [("a", "0", "2"), ("b", "3", "3"), ("c", "4", "7")]
        for (name, first, last) in parts {
            let range = ["--from-file", first, "--to-file", last]
            _ = try wear(command, name, kills: max(kills / 3, 1), whole: whole / 3, range)
        }
        let merge = try command.post(
            "merge", "\(command.folder)/a", "\(command.folder)/b", "\(command.folder)/c", "--scrypt-n", "1024"
        )
        #expect(merge.status == 0, "seed \(seed): \(merge.output)")
        for (name, _, _) in parts {
            for (file, bytes) in try command.contents(name) where !file.hasSuffix(".new") {
                #expect(files[file] == bytes, "seed \(seed): \(name)/\(file)")
                if file.hasSuffix(".bin") { files[file] = nil }
            }
        }
        #expect(Array(files.keys) == ["postdata_metadata.json"])
    }
}
