import NodeDomain
import P2PCore
import Testing

@Suite("Wire")
struct WireTests {
    @Test("numbers come back, in their one form")
    func varints() throws {
        for shift in 0..<64 as Range<UInt64> {
            for value in [1 << shift, (1 << shift) - 1, UInt64.max >> shift] as [UInt64] {
                let bytes = Varint.bytes(value)
                let read = try #require(try Varint.read(bytes[...] + [0xff], most: 10))
                #expect(read == (value, bytes.count))
                // Longer by a zero, it is none.
                var longer = bytes
                longer[longer.count - 1] |= 0x80
                #expect(throws: WireFault.self) { try Varint.read((longer + [0])[...], most: 10) }
                for count in bytes.indices { #expect(try Varint.read(bytes[..<count], most: 10) == nil) }
            }
        }
        #expect(throws: WireFault.self) { try Varint.read([UInt8](repeating: 0x80, count: 9)[...]) }
        let tooLong = [UInt8](repeating: 0xff, count: 9) + [2]
        #expect(throws: WireFault.self) { try Varint.read(tooLong[...], most: 10) }
    }

    @Test("fields come back in their order")
    func fields() throws {
        var writer = FieldWriter()
        writer.number(1, 0)
        writer.number(1, .max)
        writer.bool(3, true)
        writer.bytes(4, [])
        writer.text(5, "ä")
        writer.message(6) { $0.number(1, 7) }
        writer.number(1 << 29 - 1, 5)
        var reader = FieldReader(writer.bytes + [0x39, 1, 2, 3, 4, 5, 6, 7, 8] + [0x3d, 1, 0, 0, 0])
        #expect(try reader.next()?.integer() == 0)
        #expect(try reader.next()?.integer() == .max)
        #expect(try reader.next()?.bool() == true)
        #expect(try reader.next()?.bytes(limit: 0) == [])
        #expect(try reader.next()?.text(limit: 2) == "ä")
        let inner = try #require(try reader.next()).slice(limit: 10)
        var nested = FieldReader(inner)
        #expect(try nested.next()?.integer() == 7)
        #expect(try reader.next()?.number == 1 << 29 - 1)
        #expect(try reader.next()?.value == .fixed64(0x0807_0605_0403_0201))
        #expect(try reader.next()?.value == .fixed32(1))
        #expect(try reader.next() == nil)
    }

    @Test("what is no field is refused: number 0, groups, other wire types, long numbers, cut off bytes")
    func wrong() {
        for bytes in [
            [0x00, 1], [0x0b], [0x0c], [0x0e], [0x0f], [0x08], [0x08, 0x80], [0x08, 0x80, 0x00],
            [0x88, 0x00, 1],
            [0x12, 2, 1], [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x0d, 1, 2, 3],
            [0x09, 1, 2, 3, 4, 5, 6, 7], [0x80, 0x80, 0x80, 0x80, 0x10, 1],
        ] as [[UInt8]] {
            #expect(throws: WireFault.self, "\(bytes)") {
                var reader = FieldReader(bytes)
                while try reader.next() != nil {}
            }
        }
    }

    @Test("a field of another kind, over its limit, or beyond the number of fields")
    func kinds() throws {
        let field = WireField(number: 1, value: .bytes([0xff, 0xfe]), offset: 0)
        #expect(throws: WireFault.self) { try field.integer() }
        #expect(throws: WireFault.self) { try field.text(limit: 2) }
        #expect(throws: WireFault.tooLarge(2, limit: 1)) { try field.bytes(limit: 1) }
        #expect(throws: WireFault.self) {
            try WireField(number: 1, value: .number(2), offset: 0).bool()
        }
        #expect(throws: WireFault.self) {
            try WireField(number: 1, value: .number(2), offset: 0).slice(limit: 9)
        }
        var reader = FieldReader([8, 1, 8, 1, 8, 1], fields: 2)
        _ = try reader.next()
        _ = try reader.next()
        #expect(throws: WireFault.self) { try reader.next() }
        #expect("\(WireFault.tooLarge(2, limit: 1))" == "2 is over the limit of 1")
        #expect("\(WireFault.ended(offset: 3))".contains("3"))
        #expect("\(WireFault.invalid(offset: 3, what: "x"))" == "x, at byte 3")
    }

    @Test("messages behind their length, in any pieces", arguments: 1..<40)
    func frames(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let messages = (0..<12).map { _ in bytes(random.below(300), seed: random.next()) }
        let stream = messages.flatMap { Varint.bytes(UInt64($0.count)) + $0 }
        var (reader, read, place) = (FrameReader(limit: 300), [[UInt8]](), 0)
        while place < stream.count {
            let end = min(stream.count, place + (seed == 1 ? 1 : 1 + random.below(500)))
            reader.append(stream[place..<end])
            while let message = try reader.next() { read.append(message) }
            #expect(reader.waiting <= 302)
            place = end
        }
        #expect(read == messages)
        #expect(reader.waiting == 0)
        reader.append(Varint.bytes(301))
        #expect(throws: WireFault.tooLarge(301, limit: 300)) { try reader.next() }
    }

    @Test("a queue gives what it was given", arguments: 1..<10)
    func queue(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (queue, model) = (ByteQueue(), [UInt8]())
        for _ in 0..<400 {
            if random.below(2) == 0 {
                let more = bytes(random.below(3_000), seed: random.next())
                queue.append(more)
                model += more
            } else {
                let count = random.below(4_000)
                if random.below(3) == 0 {
                    queue.drop(count)
                } else {
                    #expect(queue.take(count) == Array(model.prefix(count)))
                }
                model.removeFirst(min(count, model.count))
            }
            #expect(queue.count == model.count)
            #expect(queue.isEmpty == model.isEmpty)
            #expect(queue.waiting == model[...])
        }
        #expect(queue.takeAll() == model)
        #expect(queue.take(-1) == [])
    }

    @Test("times that are beyond the end are the end")
    func times() {
        #expect(Milliseconds.sum(.max - 1, 5) == .max)
        #expect(Milliseconds.sum(1, 5) == 6)
        #expect(Milliseconds.since(5, now: 3) == 0)
        #expect(Milliseconds.since(5, now: 8) == 3)
        #expect(MessageClass.control < .vote)
        #expect(PeerHandle(value: 1) < PeerHandle(value: 2))
        #expect(StreamHandle(opening: 9) < StreamHandle(inbound: 1))
        var generator = SeededGenerator(seed: 1)
        #expect(generator.below(0) == 0)
        #expect((0..<100).allSatisfy { _ in (0..<7).contains(generator.below(7)) })
    }
}
