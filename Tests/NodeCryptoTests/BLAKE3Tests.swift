internal import Foundation
internal import NodeCrypto
internal import NodeDomain
internal import Testing

private struct Vectors: Decodable {
    struct Case: Decodable {
        let length: Int
        let output: String
    }
    struct Keyed: Decodable {
        let key: String
        let message: String
        let hash: String
    }
    let cases: [Case]
    let keyed: [Keyed]
}

private func cases() throws -> [Vectors.Case] { try vectors().cases }

private func vectors() throws -> Vectors {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors/crypto/blake3.json")
    return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
}

private func input(_ length: Int) -> [UInt8] { (0..<length).map { UInt8($0 % 251) } }

@Suite("BLAKE3")
struct BLAKE3Tests {
    @Test("hash and output of every vector")
    func vectors() throws {
        for vector in try cases() {
            var hasher = BLAKE3()
            hasher.update(input(vector.length))
            var output = hasher.output()
            #expect(Hexadecimal.text(of: output.next(131)) == vector.output, "\(vector.length) bytes")
            #expect(hasher.finalize().description == vector.output.prefix(64), "\(vector.length) bytes")
        }
    }

    @Test("keyed hash of two values")
    func keyed() throws {
        for vector in try NodeCryptoTests.vectors().keyed {
            let key = BLAKE3Key(try #require(Bytes32(hexadecimal: vector.key)))
            let left = try #require(Bytes32(hexadecimal: String(vector.message.prefix(64))))
            let right = try #require(Bytes32(hexadecimal: String(vector.message.suffix(64))))
            #expect(key.hash(left, right).description == vector.hash)
        }
    }

    @Test("pieces of any size give the same hash")
    func pieces() throws {
        for vector in try cases() {
            let bytes = input(vector.length)
            for size in [1, 3, 63, 64, 65, 1000, 1024, 4095, 5000] where size < 100 * max(vector.length, 1) {
                var hasher = BLAKE3()
                for start in stride(from: 0, to: bytes.count, by: size) {
                    hasher.update(Array(bytes[start..<min(start + size, bytes.count)]))
                }
                #expect(hasher.finalize().description == vector.output.prefix(64))
            }
        }
    }

    @Test("a hash may be asked for in between")
    func between() {
        var hasher = BLAKE3()
        hasher.update(input(1024))
        #expect(hasher.finalize() == BLAKE3.hash(input(1024)))
        hasher.update(Array(input(5000).dropFirst(1024)))
        #expect(hasher.finalize() == BLAKE3.hash(input(5000)))
    }

    @Test("integers and words")
    func integers() {
        var hasher = BLAKE3()
        hasher.update(littleEndian: UInt32(0x0403_0201))
        hasher.update(littleEndian: UInt64(5))
        hasher.update(Bytes32.largest)
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 255, count: 32)
        #expect(hasher.finalize() == BLAKE3.hash(bytes))
        var output = hasher.output()
        let first = output.nextUInt16()
        var again = hasher.output()
        #expect(again.next(2) == [UInt8(first & 255), UInt8(first >> 8)])
    }
}
