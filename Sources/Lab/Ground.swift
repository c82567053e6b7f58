internal import Foundation
internal import LabCore
internal import NodeCommand
internal import SupervisorProcess

/// What a lab needs of the machine.
enum Ground {
    /// Where `ip` is, whatever the PATH of this user.
    static var ip: String? {
        Programs.find("ip", below: "/")
            ?? ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].first { access($0, X_OK) == 0 }
    }

    private static let inContainer =
        "a container needs --device /dev/net/tun --cap-add NET_ADMIN,SYS_ADMIN"

    /// All that is missing at once, each with its fix.
    /// - Parameters:
    ///   - programs: of which nodes are made.
    ///   - isRoot, tun: looked up; other values for tests.
    static func problems(
        programs: [String], isRoot: Bool = geteuid() == 0, tun: String = "/dev/net/tun"
    ) -> [String] {
        var result: [String] = []
        if !isRoot {
            result.append("namespaces and TUNs are root's to make: run it with sudo, or as root")
        }
        if access(tun, F_OK) != 0 {
            result.append(
                "there is no \(tun): modprobe tun makes it; \(inContainer)"
            )
        } else if isRoot {
            let file = open(tun, O_RDWR | O_CLOEXEC)
            if file >= 0 {
                close(file)
            } else {
                result.append(
                    "\(tun) cannot be opened (\(String(cString: strerror(errno)))): \(inContainer)"
                )
            }
        }
        if ip == nil { result.append("the program ip is not there: apt-get install iproute2") }
        for program in programs where Programs.find(program, below: "/") == nil {
            result.append(
                "\(program) is neither beside spacenode-lab nor on the PATH: build or install it")
        }
        return result
    }

    /// - Throws: `CommandFault` with everything that is missing.
    static func check(programs: [String] = []) throws {
        let problems = problems(programs: programs)
        guard problems.isEmpty else { throw CommandFault(problems.joined(separator: "\n")) }
    }
}
