import FuzzTargets
@preconcurrency import Glibc

/// What `SPACENODE_FUZZ` names: one of `FuzzTarget`.
private let target: FuzzTarget = {
    let name = getenv("SPACENODE_FUZZ").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fputs(
            "SPACENODE_FUZZ must be one of: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))\n",
            stderr)
        exit(64)
    }
    return target
}()

/// Writes the seeds into the folder that `SPACENODE_FUZZ_SEEDS` names, then libFuzzer goes on.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
    _ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer
) -> Int32 {
    guard let folder = getenv("SPACENODE_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    for (index, seed) in target.seeds().enumerated() {
        guard let file = fopen("\(folder)/seed-\(index)", "wb") else { continue }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    return 0
}

/// One input.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    target.run(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
