internal import ArgumentParser
internal import Foundation
internal import NodeDomain
internal import PostWorkerCore

extension Bytes32: ExpressibleByArgument {
    /// Sixty-four hexadecimal digits.
    package init?(argument: String) {
        self.init(hexadecimal: argument)
    }
}

extension InstructionSet: ExpressibleByArgument {}
extension ScanPath: ExpressibleByArgument {}

/// What went wrong, said once.
struct ToolFault: Error, CustomStringConvertible {
    let description: String
}

/// Prints a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    say(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Prints a line at once, so that a pipe has it when it happens.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Says on standard error what is being done.
func note(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

/// Runs a body on so many threads of their own, and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        let thread = Thread {
            body(number)
            group.leave()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }
    group.wait()
}

/// Seconds of a clock that only goes forward.
func wallSeconds() -> Double { seconds(of: CLOCK_MONOTONIC) }

/// Seconds that this thread had a processor.
func threadSeconds() -> Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

private func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
