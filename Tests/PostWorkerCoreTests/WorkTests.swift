internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import Testing

/// What `post-k2pow.json` holds.
private struct WorkVectors: Decodable {
    struct Library: Decodable {
        let key: String
        let input: String
        let hash: Hex32
    }
    struct Hash: Decodable {
        let pow: UInt64
        let nonce_group: UInt8
        let challenge8: HexBytes
        let node_id: Hex32
        let input: HexBytes
        let hash: Hex32
    }
    struct Search: Decodable {
        let nonce_group: UInt8
        let challenge8: HexBytes
        let difficulty: Hex32
        let node_id: Hex32
        let smallest_pow: UInt64
        let hash: Hex32
    }
    struct Computed: Decodable {
        let hashes: [Hash]
        let searches: [Search]
    }
    let cache_key_ascii: String
    let published: [Library]
    let computed_here_with_librandomx_1_1_10: Computed
}

/// The cache of 256 MiB that the tests share.
enum SharedRandomX {
    private static let cache = Result { try RandomXCache() }

    static func machine() throws -> RandomXMachine { try RandomXMachine(cache.get()) }
}

/// Work whose challenge begins with eight bytes; the rest is not hashed.
private func work(group: UInt8, challenge8: [UInt8], identity: Bytes32) throws -> ProofWork {
    let rest = [UInt8](repeating: 0xee, count: 24)
    return ProofWork(
        group: group, challenge: try #require(Bytes32(challenge8 + rest)), identity: identity)
}

@Suite("Proof of work", .serialized)
struct WorkTests {
    private let vectors = Result { try Vectors.decode("post-k2pow", as: WorkVectors.self) }

    @Test("the library is RandomX as published")
    func library() throws {
        for vector in try vectors.get().published {
            var machine = try RandomXMachine(try RandomXCache(key: vector.key))
            #expect(machine.hash(Array(vector.input.utf8)) == vector.hash.value)
        }
        #expect(try vectors.get().cache_key_ascii == RandomXCache.key)
    }

    @Test("inputs and hashes")
    func hashes() throws {
        var machine = try SharedRandomX.machine()
        for vector in try vectors.get().computed_here_with_librandomx_1_1_10.hashes {
            let work = try work(
                group: vector.nonce_group, challenge8: vector.challenge8.value, identity: vector.node_id.value
            )
            #expect(work.input(pow: vector.pow) == vector.input.value)
            #expect(machine.hash(work.input(pow: vector.pow)) == vector.hash.value)
            // Only seven bytes of the pow are hashed.
            #expect(work.input(pow: vector.pow | 0xab << 56) == vector.input.value)
        }
    }

    @Test("the search finds the smallest pow")
    func search() throws {
        var machine = try SharedRandomX.machine()
        for vector in try vectors.get().computed_here_with_librandomx_1_1_10.searches {
            let work = try work(
                group: vector.nonce_group, challenge8: vector.challenge8.value, identity: vector.node_id.value
            )
            let smallest = vector.smallest_pow
            let difficulty = vector.difficulty.value
            #expect(work.search(0..<smallest, below: difficulty, on: &machine) == nil)
            #expect(work.search(smallest..<smallest + 9, below: difficulty, on: &machine) == smallest)
            #expect(machine.hash(work.input(pow: smallest)) == vector.hash.value)
        }
    }

    @Test("the parts of the data set are all its items, each once")
    func parts() {
        for count in [1, 3, 256] {
            let parts = (0..<count).map { RandomXDataSet.part($0, of: count) }
            #expect(parts.first?.lowerBound == 0 && parts.last?.upperBound == RandomXDataSet.items)
            #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        }
    }
}
