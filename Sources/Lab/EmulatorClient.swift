internal import Foundation
internal import LabCore
internal import NodeCommand
internal import SupervisorProcess

/// Asks, starts and ends the emulator of a lab.
enum EmulatorClient {
    /// How long it may take for an answer, in seconds.
    private static let patience = 5

    /// Its answer; nil: none runs.
    /// - Throws: `CommandFault` when it does not answer, or not with what was asked.
    static func ask(_ plan: LabPlan, _ request: EmulatorRequest) throws -> EmulatorReport? {
        guard let file = UnixSocket.connect(plan.socket, seconds: patience) else { return nil }
        defer { close(file) }
        let bytes = [UInt8](try JSONEncoder().encode(request)) + [0x0a]
        guard send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw silent }
        var input: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while input.last != 0x0a {
            let count = read(file, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw silent }
            input += block.prefix(count)
        }
        let reply = try JSONDecoder().decode(EmulatorReply.self, from: Data(input))
        if let fault = reply.fault { throw CommandFault(fault) }
        return reply.report
    }

    /// Its answer.
    /// - Throws: `CommandFault` when none runs, too.
    static func insist(_ plan: LabPlan, _ request: EmulatorRequest) throws -> EmulatorReport {
        if let report = try ask(plan, request) { return report }
        throw CommandFault(
            "no emulator runs for \(plan.folder), and no packet passes: spacenode lab up starts what is missing"
        )
    }

    /// Starts it in the background, unless it runs; it has a TUN in every namespace when this returns.
    static func start(_ plan: LabPlan) throws {
        if try ask(plan, EmulatorRequest(.report)) != nil { return }
        let log = "\(plan.logs)/emulator.log"
        let words = ["emulate", "--dir", plan.folder]
        let emulator = try Background(words, log: log)
        let end = Date() + 30
        while Date() < end, emulator.isAlive {
            usleep(20_000)
            if try ask(plan, EmulatorRequest(.report)) != nil { return }
        }
        let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
        throw CommandFault("the emulator does not start: \(text.suffix(500))")
    }

    /// Ends it, also one that does not answer any more.
    static func end(_ plan: LabPlan) throws {
        let holder = HeldFile.holder(plan.emulatorLock)
        _ = try? ask(plan, EmulatorRequest(.end))
        if let holder {
            for step in 0..<200 where HeldFile.holder(plan.emulatorLock) == holder {
                if step == 100 { kill(holder, SIGKILL) }
                usleep(20_000)
            }
        }
        unlink(plan.socket)
    }

    /// Emulators of all labs: processes of this program that carry packets.
    static func all() -> [Int32] {
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let numbers =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return numbers.filter { pid in
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
            guard let own, program == own, pid != getpid(),
                let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")?.split(separator: 0)
            else { return false }
            return words.dropFirst().first.map { String(decoding: $0, as: UTF8.self) } == "emulate"
        }.sorted()
    }

    private static var silent: CommandFault {
        CommandFault("the emulator does not answer within \(patience) s: spacenode lab down ends it")
    }
}

/// A file with the number of the one process that has it locked.
enum HeldFile {
    /// Locks as Linux numbers them that belong to an open file; the headers hide the names.
    private static let (get, set): (Int32, Int32) = (36, 37)

    /// Takes it until the process ends.
    /// - Returns: false: another one has it.
    static func take(_ path: String) throws -> Bool {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CommandFault.system("\(path) cannot be opened") }
        var lock = whole
        guard fcntl(file, set, &lock) == 0 else {
            close(file)
            return false
        }
        let text = "\(getpid())\n"
        guard ftruncate(file, 0) == 0, write(file, text, text.utf8.count) == text.utf8.count else {
            throw CommandFault.system("\(path) cannot be written")
        }
        return true
    }

    /// Who has it; nil: nobody.
    static func holder(_ path: String) -> Int32? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var lock = whole
        guard fcntl(file, get, &lock) == 0, lock.l_type != Int16(F_UNLCK),
            let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return Int32(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static var whole: flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }
}
