import NodeCrypto
import NodeDomain
import Testing

@Suite("X25519")
struct X25519Tests {
    private func key(_ bytes: [UInt8]) throws -> X25519Key {
        var bytes = bytes
        return try #require(X25519Key(scalar: SecretBytes(taking: &bytes)))
    }

    private func key(_ text: String) throws -> X25519Key {
        try key(try #require(Hexadecimal.bytes(of: text)))
    }

    @Test("products of RFC 7748, section 5.2")
    func products() throws {
        let cases = [
            (
                "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
                "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
            ),
            (
                "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
                "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
            ),
        ]
        for (scalar, point, product) in cases {
            let other = try #require(Bytes32(hexadecimal: point))
            let shared = try #require(try key(scalar).shared(with: other))
            #expect(Hexadecimal.text(of: shared) == product)
        }
    }

    @Test("a thousand products in a row, of RFC 7748, section 5.2")
    func repeated() throws {
        var (scalar, point) = ([9] + [UInt8](repeating: 0, count: 31), [9] + [UInt8](repeating: 0, count: 31))
        for round in 1...1_000 {
            let other = try #require(Bytes32(point))
            let product = try #require(try key(scalar).shared(with: other))
            (scalar, point) = (product, scalar)
            if round == 1 {
                #expect(
                    Hexadecimal.text(of: scalar)
                        == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")
            }
        }
        #expect(
            Hexadecimal.text(of: scalar)
                == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
    }

    @Test("public key and common secret of RFC 7748, section 6.1")
    func agreement() throws {
        let bob = try key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
        #expect("\(bob.publicKey)" == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        let alice = try #require(
            Bytes32(hexadecimal: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))
        #expect(
            bob.shared(with: alice).map { Hexadecimal.text(of: $0) }
                == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    }

    @Test("two random keys agree, and differ from each other")
    func random() throws {
        let (one, other) = (try #require(X25519Key()), try #require(X25519Key()))
        #expect(one.publicKey != other.publicKey)
        let shared = try #require(one.shared(with: other.publicKey))
        #expect(shared == other.shared(with: one.publicKey))
        #expect(shared.count == 32)
    }

    @Test("points of low order have no secret in common with anybody")
    func lowOrder() throws {
        let own = try #require(X25519Key())
        let last = String(repeating: "ff", count: 30) + "7f"
        let points = [
            String(repeating: "00", count: 32), "01" + String(repeating: "00", count: 31),
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ec\(last)", "ed\(last)", "ee\(last)",
        ]
        for point in points {
            var bytes = try #require(Hexadecimal.bytes(of: point))
            let plain = try #require(Bytes32(bytes))
            #expect(own.shared(with: plain) == nil, "\(point)")
            // The highest bit does not count.
            bytes[31] |= 0x80
            let marked = try #require(Bytes32(bytes))
            #expect(own.shared(with: marked) == nil, "\(point) with the highest bit")
        }
    }

    @Test("a scalar of another length is none")
    func lengths() {
        for count in [0, 31, 33] {
            #expect(X25519Key(scalar: SecretBytes(count: count) { Secrets.fill($0) }) == nil)
        }
    }
}
