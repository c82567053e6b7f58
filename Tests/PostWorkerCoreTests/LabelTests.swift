internal import Crypto
internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import Testing

/// What `post-labels.json` holds.
private struct LabelVectors: Decodable {
    struct Source: Decodable {
        struct Scrypt: Decodable {
            let password: String
            let salt: String
            let N: UInt32
            let r: Int
            let p: Int
            let out64: String
        }
        let vectors: [Scrypt]?
        let commitment: Hex32?
        let N: UInt32?
        let full_32_byte_labels: [Hex32]?
        let bits_base64: Data?
        let index_from: UInt64?
        let index_to_inclusive: UInt64?
        let vrf_difficulty: Hex32?
        let expected_best_nonce: UInt64?
        let label32: Hex32?
        let none_found_when_difficulty: Hex32?
    }
    struct Computed: Decodable {
        struct Label: Decodable {
            let commitment: Hex32
            let N: UInt32
            let index: UInt64
            let output32: Hex32
            let stored_label16: String
        }
        let labels: [Label]
        let labels_0_to_1023_N8192_commitment_zero_sha256_of_16B_stream: String
        let labels_0_to_8191_N2_commitment_zero_sha256_of_16B_stream: String
    }
    let source_published: [Source]
    let computed_here: Computed
}

private let vectors = Result { try Vectors.decode("post-labels", as: LabelVectors.self) }

/// Stored labels one after another, as a file of a plot holds them.
func storedLabels(_ worker: any LabelWorker, of commitment: Bytes32, count: Int) -> [UInt8] {
    worker.labels(of: commitment, from: 0, count: count).flatMap { $0.bytes.prefix(16) }
}

private func sha256(_ bytes: [UInt8]) -> String { Hexadecimal.text(of: SHA256.hash(data: bytes)) }

/// Every set of instructions that this machine has, forced.
private let runnable = InstructionSet.allCases.filter(\.isAvailable)

@Suite("Labels", .serialized)
struct LabelTests {
    @Test("AVX-512 is here to be tested", .enabled(if: InstructionSet.avx512.isAvailable, "no AVX-512"))
    func avx512() { #expect(runnable.contains(.avx512)) }

    @Test("AVX2 is here to be tested", .enabled(if: InstructionSet.avx2.isAvailable, "no AVX2"))
    func avx2() { #expect(runnable.contains(.avx2)) }

    private func published(_ fits: (LabelVectors.Source) -> Bool) throws -> LabelVectors.Source {
        try #require(try vectors.get().source_published.first(where: fits))
    }

    @Test("each label that was computed with scrypt-jane", arguments: runnable)
    func computed(path: InstructionSet) throws {
        for (n, labels) in Dictionary(grouping: try vectors.get().computed_here.labels, by: \.N) {
            let worker = try path.makeWorker(scryptN: n)
            for (commitment, same) in Dictionary(grouping: labels, by: \.commitment.value) {
                let found = worker.labels(of: commitment, at: same.map(\.index))
                #expect(found == same.map(\.output32.value), "N \(n)")
                let stored = found.map { Hexadecimal.text(of: $0.bytes.prefix(16)) }
                #expect(stored == same.map(\.stored_label16))
            }
        }
    }

    @Test("the published labels of the zero commitment", arguments: runnable)
    func publishedLabels(path: InstructionSet) throws {
        let vector = try published { $0.full_32_byte_labels != nil }
        let labels = try #require(vector.full_32_byte_labels)
        let worker = try path.makeWorker(scryptN: try #require(vector.N))
        let commitment = try #require(vector.commitment).value
        #expect(worker.labels(of: commitment, from: 0, count: labels.count) == labels.map(\.value))
    }

    @Test("one bit of each of 65,536 published labels", arguments: runnable)
    func bits(path: InstructionSet) throws {
        let vector = try published { $0.bits_base64 != nil }
        let bits = try #require(vector.bits_base64)
        let worker = try path.makeWorker(scryptN: try #require(vector.N))
        let commitment = try #require(vector.commitment).value
        // Every path does a part of its own; the fastest does them all.
        let count = path.name == LabelProviders.expected.name ? 8 * bits.count : 4096
        let labels = worker.labels(of: commitment, from: 0, count: count)
        let wrong = labels.indices.filter { labels[$0].bytes[0] & 1 != bits[$0 / 8] >> ($0 % 8) & 1 }
        #expect(wrong == [])
    }

    @Test("whole streams of labels", arguments: runnable)
    func streams(path: InstructionSet) throws {
        let expected = try vectors.get().computed_here
        let small = storedLabels(try path.makeWorker(scryptN: 2), of: .zero, count: 8192)
        #expect(sha256(small) == expected.labels_0_to_8191_N2_commitment_zero_sha256_of_16B_stream)
        let large = storedLabels(try path.makeWorker(scryptN: 8192), of: .zero, count: 1024)
        #expect(sha256(large) == expected.labels_0_to_1023_N8192_commitment_zero_sha256_of_16B_stream)
    }

    @Test("scrypt-jane's own vectors with r = 1")
    func scrypt() throws {
        let list = try #require(try published { $0.vectors != nil }.vectors)
        // With no password the key block of HMAC is all zero, as it is for label 0 of the zero commitment. The vectors
        // with other r and p are of no use to labels.
        let usable = list.filter { $0.r == 1 && $0.p == 1 && $0.password.isEmpty && $0.salt.isEmpty }
        #expect(!usable.isEmpty)
        for vector in usable {
            let label = try InstructionSet.portable.makeWorker(scryptN: vector.N).labels(of: .zero, at: [0])
            #expect(label[0].description == vector.out64.prefix(64))
        }
    }

    @Test("the smallest label of a range is found, and nothing below a smaller threshold")
    func search() throws {
        let vector = try published { $0.vrf_difficulty != nil }
        let worker = try LabelProviders.expected.makeWorker(scryptN: try #require(vector.N))
        let commitment = try #require(vector.commitment).value
        let first = try #require(vector.index_from)
        let last = try #require(vector.index_to_inclusive)
        var halves = [VRFSearch(), VRFSearch()]
        for start in stride(from: first, through: last, by: 4096) {
            let count = Int(min(4096, last - start + 1))
            for (place, label) in worker.labels(of: commitment, from: start, count: count).enumerated() {
                halves[place % 2].consider(label, at: start + UInt64(place))
            }
        }
        var best = halves[1]
        best.join(halves[0])
        best.join(VRFSearch())
        #expect(best.index == vector.expected_best_nonce)
        #expect(best.label == vector.label32?.value)
        #expect(best.label < (try #require(vector.vrf_difficulty).value))
        #expect(!(best.label < (try #require(vector.none_found_when_difficulty).value)))
    }

    @Test("any number of labels at any indices, also fewer than a batch", arguments: runnable)
    func counts(path: InstructionSet) throws {
        let portable = try InstructionSet.portable.makeWorker(scryptN: 16)
        let worker = try path.makeWorker(scryptN: 16)
        for count in [0, 1, 2, 7, 8, 9, 15, 16, 17, 24, 25, 33, 37] {
            let indices = (0..<count).map { UInt64($0) &* 0x9e37_79b9_7f4a_7c15 }
            let labels = worker.labels(of: .largest, at: indices)
            #expect(labels == portable.labels(of: .largest, at: indices), "\(count)")
        }
        let wrapped = worker.labels(of: .zero, from: .max, count: 2)
        #expect(wrapped == portable.labels(of: .zero, at: [.max, 0]))
    }

    @Test("costs that cannot be computed are refused")
    func refused() {
        for n: UInt32 in [0, 1, 3, 8191, 131_072, .max] {
            #expect(throws: LabelFault.plot(.scryptN(n))) {
                _ = try InstructionSet.portable.makeWorker(scryptN: n)
            }
        }
        for path in InstructionSet.allCases where !path.isAvailable {
            #expect(throws: LabelFault.unavailable(path.name)) { _ = try path.makeWorker(scryptN: 2) }
        }
    }

    @Test("the fastest measured provider is chosen")
    func choice() throws {
        #expect(LabelProviders.choose([]) == nil)
        #expect(LabelProviders.available.contains { $0.name == "portable" })
        // A clock that goes one second a look: the rate is the labels of the batches.
        var time = 0.0
        let rate = try LabelProviders.measure(InstructionSet.portable, scryptN: 2, batches: 3) {
            time += 1
            return time
        }
        #expect(rate.labelsPerSecond == 6)
        let slow = LabelProviders.Rate(provider: InstructionSet.avx2, labelsPerSecond: 5)
        #expect(LabelProviders.choose([slow, rate])?.name == "portable")
    }
}
