import Foundation
import Testing

/// `spacenode post init`, `check`, `merge`, `find-nonce`, on real files.
@Suite("Plot tools", .serialized)
struct PlotToolTests {
    private func small() throws -> PlotCommand {
        try PlotCommand(labels: 20_000, scryptN: 2, maxFileSize: 64 << 10)
    }

    /// The object that a command printed.
    private func object(_ output: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    @Test("init: files, ranges, results for people and as JSON")
    func make() throws {
        let command = try small()
        let first = try command.make("a", "--from-file", "1", "--to-file", "3", "--json")
        let row = try object(first.output)
        #expect(first.status == 0 && row["finished"] as? Bool == true)
        #expect(row["madeLabels"] as? Int == 3 * 4096 && row["lastFile"] as? Int == 3)
        #expect(
            try command.contents("a").keys.sorted() == [
                "postdata_1.bin", "postdata_2.bin", "postdata_3.bin", "postdata_metadata.json",
            ])
        let rest = try command.make("a", "--threads", "1")
        #expect(rest.status == 0 && rest.output.contains("postdata_0.bin to postdata_4.bin"))
        #expect(rest.output.contains("7712 labels made now, VRF nonce"))
        #expect(try command.contents("a")["postdata_4.bin"]?.count == (20_000 - 4 * 4096) * 16)
    }

    @Test("SIGTERM stops it softly: status 1, and the same command goes on")
    func stop() throws {
        let command = try PlotCommand(labels: 200_000, scryptN: 256, maxFileSize: 1 << 20)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode")
        process.arguments = command.initWords("a") + ["--limit", "65536"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let file = "\(command.folder)/a/postdata_0.bin"
        for _ in 0..<1000 where !FileManager.default.fileExists(atPath: file) { usleep(10_000) }
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 1)
        let size = try #require(FileManager.default.contents(atPath: file)?.count)
        #expect(size > 0 && size < 1 << 20 && size % 16 == 0)
        #expect(try command.make("a").status == 0)
        #expect(try command.post("check", "--dir", "\(command.folder)/a", "--scrypt-n", "256").status == 0)
    }

    @Test("each thing that is wrong is one clear refusal with status 2, and nothing is changed")
    func refusals() throws {
        let command = try small()
        let folder = command.folder
        #expect(try command.make("a").status == 0)
        let before = try command.contents("a")
        func refused(_ words: [String], _ text: String) throws {
            let answer = try Programs.run("spacenode", ["post"] + words)
            #expect(answer.status == 2 && answer.output.contains(text), "\(words): \(answer)")
        }
        func changed(_ option: String, _ value: String) -> [String] {
            var words = command.initWords("a").dropFirst().map { $0 }
            if let place = words.firstIndex(of: option) { words[place + 1] = value }
            return words
        }
        try refused(changed("--id", command.zeros), "its identity is \(command.id), not \(command.zeros)")
        try refused(changed("--commitment-atx", command.easy), "its commitment activation is")
        try refused(changed("--units", "2"), "its units is 1, not 2")
        try refused(changed("--labels-per-unit", "10000"), "its labels per unit is 20000, not 10000")
        try refused(changed("--scrypt-n", "4"), "made with scrypt N 2, not 4")
        try refused(changed("--max-file-size", "131072"), "its largest file size is 65536, not 131072")
        try refused(changed("--max-file-size", "1000"), "the size must be from 1024")
        try refused(changed("--dir", "/proc/nowhere"), "cannot make the directory /proc/nowhere")
        let range = command.initWords("a").dropFirst() + ["--from-file", "3", "--to-file", "5"]
        try refused(Array(range), "files 3 to 5 are no part of the plot: it has files 0 to 4")
        let prove = [
            "prove", "--challenge", command.zeros, "--k1", "26", "--k2", "37", "--pow-difficulty",
            command.easy, "--scrypt-n", "2", "--dir", "\(folder)/a",
        ]
        try refused(prove + ["--dir", "\(folder)/a"], "postdata_0.bin is in \(folder)/a and in \(folder)/a")
        try refused(prove.dropLast() + ["\(folder)/none"], "cannot read \(folder)/none: No such file")
        #expect(try command.contents("a") == before)
        let files = FileManager.default
        try files.moveItem(atPath: "\(folder)/a/postdata_2.bin", toPath: "\(folder)/kept")
        try refused(prove, "lacks postdata_2.bin, though it has postdata_4.bin")
        try files.copyItem(atPath: "\(folder)/kept", toPath: "\(folder)/a/postdata_2.bin")
        let file = try #require(FileHandle(forUpdatingAtPath: "\(folder)/a/postdata_2.bin"))
        try file.truncate(atOffset: 65_000)
        try refused(prove, "postdata_2.bin has 65000 of 65536 bytes: finish it with `post init`")
        try file.truncate(atOffset: 65_600)
        try refused(prove, "postdata_2.bin has 65600 bytes where 65536 are all it can hold")
        try refused(Array(command.initWords("a").dropFirst()), "postdata_2.bin has 65600 bytes")
        try file.truncate(atOffset: 65_536)
        try files.moveItem(atPath: "\(folder)/a/postdata_0.bin", toPath: "\(folder)/first")
        try refused(prove, "no directory holds postdata_0.bin: name the directories that do")
        try files.moveItem(atPath: "\(folder)/first", toPath: "\(folder)/a/postdata_0.bin")
        try files.copyItem(atPath: "\(folder)/kept", toPath: "\(folder)/a/postdata_5.bin")
        try refused(prove, "postdata_5.bin is none of the plot's 5 files: move it away")
        try files.removeItem(atPath: "\(folder)/a/postdata_5.bin")
        try "{\"NodeId\": 3}".write(
            toFile: "\(folder)/a/postdata_metadata.json", atomically: true, encoding: .utf8)
        try refused(prove, "postdata_metadata.json is not to be used: NodeId is no value of its kind")
        try refused(Array(command.initWords("a").dropFirst()), "is not to be used")
        try files.removeItem(atPath: "\(folder)/a/postdata_metadata.json")
        try refused(prove, "nobody knows whose they are")
    }

    @Test("a flipped byte is found by file and range; a share of the labels looks at less")
    func check() throws {
        let command = try small()
        #expect(try command.make("a").status == 0)
        let words = ["check", "--dir", "\(command.folder)/a", "--scrypt-n", "2"]
        func check(_ more: String...) throws -> (status: Int32, output: String) {
            try Programs.run("spacenode", ["post"] + words + more)
        }
        #expect(try check() == (0, "checked 20000 labels, 0 bad\n"))
        let path = "\(command.folder)/a/postdata_3.bin"
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: 1234)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: 1234)
        try file.write(contentsOf: [byte ^ 1])
        #expect(
            try check() == (1, "bad: \(path), bytes 1232 to 1247\nchecked 20000 labels, 1 bad\n"))
        let json = try check("--json")
        let bad = try #require(try object(json.output)["bad"] as? [[String: Any]])
        #expect(json.status == 1 && bad.first?["firstByte"] as? Int == 1232)
        let sampled = try object(try check("--sample", "0.05", "--json").output)
        #expect((sampled["checkedLabels"] as? Int).map { (900...1200).contains($0) } == true)
        for share in ["0", "1.5", "-1", "x"] { #expect(try check("--sample=\(share)").status == 2) }
    }

    @Test("merge and find-nonce agree, and foreign directories are refused")
    func nonces() throws {
        let command = try small()
        let (a, b) = ("\(command.folder)/a", "\(command.folder)/b")
        #expect(try command.make("whole").status == 0)
        #expect(try command.make("a", "--to-file", "1").status == 0)
        #expect(try command.make("b", "--from-file", "2").status == 0)
        #expect(try command.post("merge", a, "--scrypt-n", "2").output.contains("missing: postdata_2.bin"))
        let merge = try command.post("merge", a, b, "--scrypt-n", "2", "--json")
        let whole = try #require(try command.contents("whole")["postdata_metadata.json"])
        let nonce = try #require(try object(String(decoding: whole, as: UTF8.self))["Nonce"] as? Int)
        #expect(merge.status == 0)
        #expect(try object(merge.output)["nonce"] as? Int == nonce)
        for name in ["a", "b"] { #expect(try command.contents(name)["postdata_metadata.json"] == whole) }
        for directory in [a, b] {
            let text = String(decoding: whole, as: UTF8.self).replacing(/,\n\t"Nonce": \d+/, with: "")
                .replacing(/,\n\t"NonceValue": "\w+"/, with: "")
            try text.write(
                toFile: "\(directory)/postdata_metadata.json", atomically: true, encoding: .utf8)
        }
        let found = try command.post("find-nonce", "--dir", a, "--dir", b, "--scrypt-n", "2")
        #expect(found == (0, "nonce \(nonce)\n"))
        for name in ["a", "b"] { #expect(try command.contents(name)["postdata_metadata.json"] == whole) }
        let other = try Programs.run(
            "spacenode",
            ["post", "init", "--dir", "\(command.folder)/c", "--id", command.zeros]
                + command.plot.dropFirst(2))
        #expect(other.status == 0)
        let foreign = try command.post("merge", a, "\(command.folder)/c", "--scrypt-n", "2")
        #expect(foreign.status == 2 && foreign.output.contains("\(command.folder)/c holds another plot"))
    }

    @Test(
        "a full disk ends it with one message; with room the same command goes on",
        .enabled(if: geteuid() == 0 && Mount.isPossible, "mounting a small tmpfs needs root"))
    func full() throws {
        let command = try small()
        #expect(try command.make("whole").status == 0)
        let disk = "\(command.folder)/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try #require(
            try Programs.run("/bin/mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", disk]).status == 0)
        defer { _ = try? Programs.run("/bin/umount", ["-l", disk]) }
        let full = try command.make("disk/a")
        #expect(full.status == 2 && full.output.contains("are free: it will stop when the disk is full"))
        #expect(full.output.contains("no room for \(disk)/a/postdata_"))
        #expect(full.output.contains("No space left on device"))
        #expect(full.output.contains("run the same command again, it goes on where it stopped"))
        #expect(full.output.split(separator: "\n").count == 2, "\(full.output)")
        try #require(
            try Programs.run("/bin/mount", ["-o", "remount,size=2m", disk]).status == 0)
        #expect(try command.make("disk/a").status == 0)
        #expect(try command.contents("disk/a") == command.contents("whole"))
    }

    @Test(
        "a read error names the file and the bytes",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/fiu-run"), "no fiu-run"))
    func readError() throws {
        let command = try small()
        #expect(try command.make("a").status == 0)
        let answer = try Programs.run(
            "/usr/bin/fiu-run",
            [
                "-x", "-c", "enable name=posix/io/rw/pread",
                "\(Programs.folder)/spacenode-post-worker", "tool", "prove", "--dir", "\(command.folder)/a",
                "--challenge", command.zeros, "--k1", "26", "--k2", "37", "--pow-difficulty", command.easy,
                "--scrypt-n", "2",
            ])
        #expect(answer.status == 2, "\(answer)")
        #expect(
            answer.output.contains("cannot read \(command.folder)/a/postdata_")
                || answer.output.contains(
                    "cannot read \(command.folder)/a/postdata_metadata.json, bytes 0 to"),
            "\(answer)")
        #expect(answer.output.contains("bytes 0 to"))
    }
}
