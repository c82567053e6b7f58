internal import NodeDomain
internal import NodeEncoding
internal import Testing

/// Compact integers as Substrate's documentation of SCALE gives them, and the ends of each form.
private let compacts: [(UInt64, String)] = [
    (0, "00"), (1, "04"), (42, "a8"), (63, "fc"), (64, "0101"), (69, "1501"), (16383, "fdff"),
    (16384, "02000100"), (65535, "feff0300"), (1_073_741_823, "feffffff"),
    (1_073_741_824, "0300000040"), (4_294_967_295, "03ffffffff"), (4_294_967_296, "070000000001"),
    (100_000_000_000_000, "0b00407a10f35a"), (.max, "13ffffffffffffffff"),
]

private func bytes(_ text: String) -> [UInt8] { Hexadecimal.bytes(of: text) ?? [] }

private func compact(_ text: String) throws(ScaleFault) -> UInt64 {
    var reader = ScaleReader(bytes(text))
    let value = try reader.compact()
    try reader.finish()
    return value
}

@Suite("SCALE")
struct ScaleTests {
    @Test("compact integers", arguments: compacts)
    func integers(value: UInt64, text: String) throws {
        var writer = ScaleWriter()
        writer.writeCompact(value)
        #expect(Hexadecimal.text(of: writer.bytes) == text)
        #expect(try compact(text) == value)
    }

    @Test("a longer form than needed is refused")
    func notMinimal() {
        for text in [
            "0100", "fd00", "02000000", "feff0000", "0300000000", "03ffffff3f", "0700000000 00",
            "07ffffffff00",
            "13ffffffffffffff00", "0b0000000000 00",
        ] {
            let packed = text.replacing(" ", with: "")
            #expect(throws: ScaleFault.notMinimal(offset: 0), "\(text)") { try compact(packed) }
        }
    }

    @Test("integers of more than 64 bits are refused")
    func tooLarge() {
        #expect(throws: ScaleFault.tooLarge(offset: 0, limit: .max)) {
            try compact("17ffffffffffffffff01")
        }
    }

    @Test("bytes that end early are refused at each length")
    func ended() {
        for (_, text) in compacts {
            let whole = bytes(text)
            for count in 0..<whole.count {
                var reader = ScaleReader(Array(whole.prefix(count)))
                #expect(throws: ScaleFault.self) { try reader.compact() }
            }
        }
    }

    @Test("limits hold")
    func limits() throws {
        var over = ScaleReader(bytes("070000000001"))
        #expect(throws: ScaleFault.tooLarge(offset: 0, limit: 4_294_967_295)) { try over.compact32() }
        var slice = ScaleReader(bytes("0c010203"))
        #expect(try slice.slice(limit: 3) == [1, 2, 3])
        var long = ScaleReader(bytes("0c010203"))
        #expect(throws: ScaleFault.tooLarge(offset: 0, limit: 2)) { try long.slice(limit: 2) }
        var cut = ScaleReader(bytes("0c0102"))
        #expect(throws: ScaleFault.ended(offset: 3, needed: 3)) { try cut.slice(limit: 3) }
    }

    @Test("a proof goes there and back, and nothing more may follow")
    func proof() throws {
        let proof = PostProof(
            nonce: 41, indices: [UInt8](repeating: 7, count: 162), pow: 54_043_195_528_453_627)
        let encoded = proof.scale
        #expect(try PostProof(scale: encoded) == proof)
        #expect(throws: ScaleFault.trailing(count: 1)) { try PostProof(scale: encoded + [0]) }
        for count in 0..<encoded.count {
            #expect(throws: ScaleFault.self) { try PostProof(scale: Array(encoded.prefix(count))) }
        }
        let long = PostProof(nonce: 0, indices: [UInt8](repeating: 0, count: 801), pow: 0)
        #expect(throws: ScaleFault.tooLarge(offset: 1, limit: 800)) { try PostProof(scale: long.scale) }
    }

    @Test("whatever is accepted has no other encoding")
    func noise() {
        var state: UInt64 = 7
        var accepted = 0
        for _ in 0..<200_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let length = Int(state >> 60)
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: state >> UInt64(3 * $0 + 7)) & 0x3f }
            guard let proof = try? PostProof(scale: bytes) else { continue }
            accepted += 1
            #expect(proof.scale == bytes)
        }
        #expect(accepted > 100)
    }

    @Test("fixed values")
    func fixed() throws {
        var writer = ScaleWriter()
        writer.write(UInt8(7))
        writer.write(Bytes32.largest)
        var reader = ScaleReader(writer.bytes)
        #expect(try reader.byte() == 7)
        #expect(try reader.bytes32() == .largest)
        #expect(throws: ScaleFault.self) { try reader.bytes32() }
    }
}
