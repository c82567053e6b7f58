internal import Foundation
internal import SupervisorCore

/// A process that this one started, until it is buried.
struct ChildProcess {
    let pid: pid_t

    /// Starts a program in a process group of its own, with both outputs at the end of a log.
    /// - Throws: `SupervisorFault`.
    init(_ program: String, _ arguments: [String], _ environment: [String: String], log: String) throws {
        pid = try Spawn.start(program, arguments, environment, log: log, hasGroup: true)
    }

    /// Asks it to end; one that is stopped goes on, or it could not.
    func terminate() {
        kill(pid, SIGTERM)
        kill(pid, SIGCONT)
    }

    /// Ends the whole group at once.
    func killAll() { kill(-pid, SIGKILL) }

    /// How it ended, when it has: then it is buried, and what it left behind in its group is ended.
    func takeEnd() -> ProcessEnd.Cause? {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo == SIGCHLD
        else {
            return nil
        }
        // Before the number is free for others.
        killAll()
        var status: Int32 = 0
        guard waitpid(pid, &status, 0) == pid else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .status(status >> 8 & 0xff) : .signal(signal)
    }
}

/// Why a supervisor cannot do what it should; the text names the fix.
package struct SupervisorFault: Error, CustomStringConvertible {
    package let description: String

    /// A fault in words.
    package init(_ description: String) {
        self.description = description
    }
}
