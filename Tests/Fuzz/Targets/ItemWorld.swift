import NodeDomain
import NodeEncoding

/// Items of blocks from anybody: what is read is written alike, byte for byte.
enum ItemWorld {
    static func run(_ input: UnsafeRawBufferPointer) {
        let bytes = [UInt8](input)
        guard let item = try? BlockItem(bytes: bytes) else { return }
        precondition(item.bytes == bytes, "written otherwise than read")
        precondition(item.tag == bytes[0], "another tag")
    }

    static func seeds() -> [[UInt8]] {
        let id = Bytes32(1, 2, 3, 4)
        let signature = [UInt8](repeating: 5, count: 64)
        let proof = PostProof(nonce: 70, indices: [1, 2, 3], pow: 1 << 40)
        let binding = PlotBinding(
            commitmentATX: id, coinbase: Address(ofHash: id), signature: signature)
        let plots = (0..<4).map { number in
            PlotProof(
                identity: Bytes32(0, 0, 0, UInt64(number)), units: 4, proof: proof,
                binding: number.isMultiple(of: 2) ? binding : nil)
        }
        let activations = [0, 1, 4].map { count in
            BlockItem.activation(
                Activation(
                    epoch: 300, operator: id, vrfKey: count == 1 ? nil : id, votes: count > 0,
                    plots: Array(plots.prefix(count)), signature: signature))
        }
        let poets = [0, 2].map { count in
            BlockItem.poetProof(
                PoetProof(
                    epoch: 7, index: 2, path: [Bytes32](repeating: id, count: count), root: id,
                    leaves: [Bytes32](repeating: id, count: count), nodes: [id], leafCount: UInt64(count)))
        }
        let block = BlockReference(hash: id, partsTotal: 3, partsHash: id)
        let evidence = SignedStep.allCases.map { step in
            BlockItem.malfeasance(
                Malfeasance(
                    step: step, height: 1000, round: 1, operator: id,
                    first: SignedBlock(
                        block: step == .proposal
                            ? BlockReference(hash: .zero, partsTotal: 1, partsHash: id) : nil,
                        polRound: 0, seconds: 0, nanoseconds: 0, signature: signature),
                    second: SignedBlock(
                        block: block, polRound: 0, seconds: 1_700_000_000, nanoseconds: 5,
                        signature: signature)))
        }
        let system = BlockItem.system(SystemRecord(proof: [UInt8](repeating: 6, count: 80)))
        return ([system] + activations + poets + evidence).map(\.bytes)
    }
}
