import NodeCrypto
import NodeDomain
import NodeEncoding
import SignerCore
import Testing

/// Everything that is signed besides votes and proposals.
@Suite("Payloads of an operator")
struct PayloadTests {
    private let genesis = [UInt8](repeating: 7, count: OperatorPayload.genesisBytes)
    private let signature = [UInt8](repeating: 5, count: 64)

    private func plot(_ number: UInt64, binding: PlotBinding? = nil) -> PlotProof {
        PlotProof(
            identity: Given.number(number), units: 4, proof: PostProof(nonce: 1, indices: [1], pow: 2),
            binding: binding)
    }

    private func activation(_ plots: [PlotProof]) -> OperatorPayload {
        .activation(
            Activation(
                epoch: 3, operator: Given.key, vrfKey: nil, votes: true, plots: plots, signature: []))
    }

    private var record: ValidatorRecord {
        ValidatorRecord(
            term: 3, operator: Given.key, peer: [0, 1], addresses: [[4], [5, 6]], sequence: 300)
    }

    @Test("each begins with the genesis id and a byte of its own")
    func domains() throws {
        let binding = PlotBinding(
            commitmentATX: Given.number(1), coinbase: Address(ofHash: Given.number(2)), signature: [])
        let payloads: [(OperatorPayload, UInt8)] = [
            (activation([plot(1)]), 0x50),
            (
                .binding(binding, epoch: 3, identity: Given.number(4), operator: Given.key), 0x51
            ),
            (.validator(record), 0x52), (.registration(challenge: Given.number(9)), 0x04),
        ]
        for (payload, byte) in payloads {
            let bytes = try payload.bytes(genesis: genesis)
            #expect(Array(bytes[..<20]) == genesis && bytes[20] == byte)
            for count in [0, 19, 21] {
                #expect(throws: SigningRefusal.self) {
                    try payload.bytes(genesis: [UInt8](repeating: 7, count: count))
                }
            }
        }
        #expect(
            try OperatorPayload.registration(challenge: Given.number(9)).bytes(genesis: genesis)
                == genesis + [4] + Given.number(9).bytes)
        // SCALE by hand: epoch 3, identity, commitment, operator, coinbase.
        #expect(
            try payloads[1].0.bytes(genesis: genesis)
                == genesis + [0x51, 12] + Given.number(4).bytes + Given.number(1).bytes + Given.key.bytes
                + binding.coinbase.bytes)
    }

    @Test("a binding that a plot's key signed is the one that an activation is judged by")
    func binding() throws {
        var binding = PlotBinding(
            commitmentATX: Given.number(1), coinbase: Address(ofHash: Given.number(2)), signature: [])
        let payload = OperatorPayload.binding(
            binding, epoch: 3, identity: Given.number(4), operator: Given.key)
        binding.signature = signature
        #expect(
            try payload.bytes(genesis: genesis)
                == plot(4, binding: binding).bindingBytes(genesis: genesis, epoch: 3, operator: Given.key))
    }

    @Test("limits of activations")
    func activations() throws {
        let most = (0..<UInt64(Activation.mostPlots)).map { plot($0) }
        _ = try activation(most).bytes(genesis: genesis)
        _ = try activation([]).bytes(genesis: genesis)
        let unsigned = PlotBinding(
            commitmentATX: Given.number(1), coinbase: Address(ofHash: Given.number(2)), signature: [1])
        for plots in [
            most + [plot(1_000)], [plot(1), plot(1)], [plot(2), plot(1)], [plot(1, binding: unsigned)],
        ] {
            #expect(throws: SigningRefusal.self) { try activation(plots).bytes(genesis: genesis) }
        }
    }

    @Test("validator records: limits, and read as written")
    func validators() throws {
        var signed = record
        signed.signature = signature
        #expect(try ValidatorRecord(bytes: signed.scale) == signed)
        for count in signed.scale.indices {
            #expect(throws: ScaleFault.self) { try ValidatorRecord(bytes: Array(signed.scale[..<count])) }
        }
        #expect(throws: ScaleFault.self) { try ValidatorRecord(bytes: signed.scale + [0]) }
        let changes: [(Bool, (inout ValidatorRecord) -> Void)] = [
            (true, { $0.peer = [UInt8](repeating: 1, count: 64) }),
            (false, { $0.peer = [UInt8](repeating: 1, count: 65) }), (false, { $0.peer = [] }),
            (true, { $0.addresses = [] }),
            (true, { $0.addresses = [[UInt8]](repeating: [1], count: 4) }),
            (false, { $0.addresses = [[UInt8]](repeating: [1], count: 5) }),
            (true, { $0.addresses = [[UInt8](repeating: 1, count: 128)] }),
            (false, { $0.addresses = [[UInt8](repeating: 1, count: 129)] }),
            (false, { $0.addresses = [[]] }),
        ]
        for (isRight, change) in changes {
            var changed = signed
            change(&changed)
            #expect((try? ValidatorRecord(bytes: changed.scale)) == (isRight ? changed : nil))
            #expect(
                ((try? OperatorPayload.validator(changed).bytes(genesis: genesis)) != nil) == isRight)
        }
    }

    @Test("a genesis id that makes a payload look like a vote is refused")
    func disguise() throws {
        let payload = OperatorPayload.registration(challenge: Given.number(9))
        let length = UInt8(OperatorPayload.genesisBytes + 33 - 1)
        let rest = [UInt8](repeating: 1, count: 18)
        #expect(throws: SigningRefusal.self) { try payload.bytes(genesis: [length, 8] + rest) }
        _ = try payload.bytes(genesis: [length, 9] + rest)
        _ = try payload.bytes(genesis: [length - 1, 8] + rest)
        // Votes do begin so.
        for step in [SigningStep.proposal, .prevote, .precommit] {
            let bytes = Given.request(5, 1, step, block: 1).bytes
            #expect(bytes.count < 128 && bytes[0] == UInt8(bytes.count - 1) && bytes[1] == 8)
        }
        // Behind a length of two bytes.
        let long = activation((1...4).map { plot($0) })
        let count = try long.bytes(genesis: genesis).count - 2
        let two = [UInt8(count & 0x7f | 0x80), UInt8(count >> 7), 8]
        #expect(throws: SigningRefusal.self) { try long.bytes(genesis: two + rest.dropLast()) }
    }

    @Test("the beacon's input: fixed bytes")
    func beacon() {
        #expect(
            OperatorBytes.beacon(chain: "devnet", height: 258, last: Given.number(1))
                == Array("beacondevnet".utf8) + [0, 0, 0, 0, 0, 0, 1, 2] + Given.number(1).bytes)
    }
}
