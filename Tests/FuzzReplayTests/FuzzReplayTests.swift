import Foundation
import FuzzTargets
import Testing

/// The kept corpus of the fuzzers and mutations of it: none may trap, hang or break what the targets check.
@Suite("Fuzz replay", .serialized)
struct FuzzReplayTests {
    private static let mutations = 20_000

    private static let vectors = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Vectors/fuzz")

    @Test("the kept corpus, the seeds and 20,000 mutations of them", arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let packed = try Data(contentsOf: Self.vectors.appendingPathComponent("\(target.rawValue).corpus"))
        let corpus = try #require(Self.unpack([UInt8](packed)), "the corpus is cut off") + target.seeds()
        #expect(corpus.count >= 8)
        for input in corpus { input.withUnsafeBytes { target.run($0) } }
        var last = try LastInput(target)
        var mutator = Mutator(seed: 0x5eed)
        for _ in 0..<Self.mutations {
            let input = mutator.mutate(corpus)
            last.keep(input)
            input.withUnsafeBytes { target.run($0) }
        }
        last.remove()
    }

    /// Inputs one after the other, each behind its length in four bytes, little-endian.
    private static func unpack(_ bytes: [UInt8]) -> [[UInt8]]? {
        var result: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            guard position + 4 <= bytes.count else { return nil }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
            guard length <= bytes.count - position - 4 else { return nil }
            result.append(Array(bytes[position + 4..<position + 4 + length]))
            position += 4 + length
        }
        return result
    }
}

/// The input under test in a file, which stays behind when the process traps.
private struct LastInput {
    private let path: String
    private let file: FileHandle

    init(_ target: FuzzTarget) throws {
        path = NSTemporaryDirectory() + "fuzz-\(target.rawValue)-\(getpid()).input"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    }

    mutating func keep(_ input: [UInt8]) {
        ftruncate(file.fileDescriptor, off_t(input.count))
        _ = pwrite(file.fileDescriptor, input, input.count, 0)
    }

    mutating func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Changes inputs at random, the same way for the same seed.
private struct Mutator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    private mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return bound <= 1 ? 0 : Int((state >> 33) % UInt64(bound))
    }

    mutating func mutate(_ corpus: [[UInt8]]) -> [UInt8] {
        var input = corpus[next(corpus.count)]
        for _ in 0...next(4) { change(&input, corpus) }
        return Array(input.prefix(8192))
    }

    private mutating func change(_ input: inout [UInt8], _ corpus: [[UInt8]]) {
        guard !input.isEmpty else { return input = corpus[next(corpus.count)] }
        let place = next(input.count)
        let end = min(input.count, place + 1 + next(16))
        switch next(7) {
        case 0: input[place] ^= 1 << UInt8(next(8))
        case 1: input[place] = UInt8(next(256))
        case 2: input[place] = [0, 1, 0x7f, 0x80, 0xff][next(5)]
        case 3: input.removeSubrange(place..<end)
        case 4: input.insert(contentsOf: input[place..<end], at: place)
        case 5: for index in place..<min(input.count, place + 8) { input[index] = 0xff }
        default:
            let other = corpus[next(corpus.count)]
            let cut = next(other.count + 1)
            input = Array(input[..<place] + other[cut...])
        }
    }
}
