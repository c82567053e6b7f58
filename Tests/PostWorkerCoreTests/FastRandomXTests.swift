internal import Foundation
internal import PostWorkerCore
internal import Testing

/// Fast mode gives the hashes of light mode: 2 GiB and a minute of all cores, so only when it is asked for.
@Suite(
    "RandomX in fast mode",
    .enabled(if: ProcessInfo.processInfo.environment["SPACENODE_TEST_FAST_RANDOMX"] == "1", "takes 2 GiB"))
struct FastRandomXTests {
    @Test("the same hashes")
    func same() throws {
        let cache = try RandomXCache()
        let set = try RandomXDataSet(cache)
        let parts: UInt = 4
        let size = (RandomXDataSet.items + parts - 1) / parts
        DispatchQueue.concurrentPerform(iterations: Int(parts)) { part in
            set.fill(UInt(part) * size..<UInt(part + 1) * size)
        }
        var light = try RandomXMachine(cache)
        var fast = try RandomXMachine(set)
        for byte in UInt8(0)..<8 {
            let input = [UInt8](repeating: byte, count: 48)
            let (first, second) = (light.hash(input), fast.hash(input))
            #expect(first == second)
        }
    }
}
