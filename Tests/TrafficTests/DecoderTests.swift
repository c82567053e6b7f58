import Foundation
import NodeProtocol
import SwiftProtobuf
import Testing
import Traffic

/// A plugin's description with one message of every kind of field.
private func description() throws -> Spacenode_System_V1_DescribeReply {
    func field(
        _ name: String, _ number: Int32, _ type: Google_Protobuf_FieldDescriptorProto.TypeEnum,
        list: Bool = false, typeName: String = ""
    ) -> Google_Protobuf_FieldDescriptorProto {
        .with {
            ($0.name, $0.number, $0.type) = (name, number, type)
            $0.label = list ? .repeated : .optional
            if !typeName.isEmpty { $0.typeName = typeName }
        }
    }
    let message = Google_Protobuf_DescriptorProto.with {
        $0.name = "All"
        $0.field = [
            field("text", 1, .string), field("data", 2, .bytes), field("small", 3, .sint32),
            field("negative", 4, .int64), field("real", 5, .double), field("flag", 6, .bool),
            field("color", 7, .enum, typeName: ".acme.v1.Color"),
            field("inner", 8, .message, typeName: ".acme.v1.All"),
            field("numbers", 9, .uint32, list: true), field("names", 10, .string, list: true),
            field("fixed", 11, .fixed32, list: true), field("half", 12, .float),
        ]
    }
    let file = Google_Protobuf_FileDescriptorProto.with {
        ($0.name, $0.package, $0.syntax) = ("acme.proto", "acme.v1", "proto3")
        $0.messageType = [message]
        $0.enumType = [
            .with {
                $0.name = "Color"
                $0.value = [
                    .with { ($0.name, $0.number) = ("RED", 0) }, .with { ($0.name, $0.number) = ("BLUE", 2) },
                ]
            }
        ]
    }
    let set = Google_Protobuf_FileDescriptorSet.with { $0.file = [file] }
    return try .with {
        $0.fileDescriptorSet = try set.serializedData()
        $0.methods = [
            .with {
                ($0.name, $0.type, $0.pattern) = ("acme.v1.Vault/Put", 0x4000_0001, 1)
                ($0.input, $0.output) = ("acme.v1.All", "acme.v1.All")
            }
        ]
    }
}

@Suite("Decoding by description")
struct DecoderTests {
    /// text, data, small −3, negative −1, real, flag, BLUE, inner {text}, numbers packed, names, fixed packed, half.
    static let bytes: [UInt8] =
        [0x0a, 2, 0x68, 0x69, 0x12, 2, 0xff, 0x00, 0x18, 5, 0x20]
        + [UInt8](repeating: 0xff, count: 9) + [1, 0x29, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x30, 1, 0x38, 2]
        + [0x42, 3, 0x0a, 1, 0x78, 0x4a, 3, 1, 0x96, 1, 0x52, 1, 0x61, 0x52, 1, 0x62]
        + [0x5a, 4, 7, 0, 0, 0, 0x65, 0, 0, 0, 0x3f]

    private func book() throws -> SchemaBook {
        var book = SchemaBook()
        book.add(try description())
        return book
    }

    @Test("every kind of field, nested, repeated and packed")
    func everyKind() throws {
        let value = try #require(MessageDecoder(try book()).decode(Self.bytes, as: "acme.v1.All"))
        #expect(
            value.line(limit: 1000)
                == "{text: \"hi\", data: 0xff00, small: -3, negative: -1, real: 1.5, flag: true, color: \"BLUE\", "
                + "inner: {text: \"x\"}, numbers: [1, 150], names: [\"a\", \"b\"], fixed: [7], half: 0.5}")
        #expect(value.values(at: "inner.text").map(\.plain) == ["x"])
        #expect(value.values(at: "names").map(\.plain) == ["a", "b"])
        #expect(value.values(at: "data").map(\.plain) == ["ff00"])
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)) as? [String: Any]
        #expect(json?["negative"] as? Int == -1 && json?["data"] as? String == "ff00")
    }

    @Test("unknown fields keep their numbers; cut and malformed messages are told from empty ones")
    func malformed() throws {
        let decoder = MessageDecoder(try book())
        #expect(decoder.decode([0xf8, 0x07, 5], as: "acme.v1.All")?.line() == "{#127: 5}")
        #expect(decoder.decode([UInt8](), as: "acme.v1.All")?.line() == "{}")
        for bytes in [[0x0a], [0x0a, 5, 1], [0x0b], [0x00, 1], [0x29, 1, 2]] as [[UInt8]] {
            #expect(decoder.decode(bytes, as: "acme.v1.All") == nil)
        }
        #expect(decoder.decode([1], as: "nobody.Knows") == nil)
    }

    @Test("deep nesting and random bytes neither trap nor hang")
    func hostile() throws {
        let decoder = MessageDecoder(try book())
        var deep: [UInt8] = []
        for _ in 0..<500 {
            var length = deep.count
            var prefix: [UInt8] = [0x42]
            while length >= 0x80 {
                prefix.append(UInt8(length & 0x7f) | 0x80)
                length >>= 7
            }
            deep = prefix + [UInt8(length)] + deep
        }
        #expect(decoder.decode(deep, as: "acme.v1.All") != nil)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = Self.bytes
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            if let value = decoder.decode(bytes.prefix(.random(in: 0...bytes.count)), as: "acme.v1.All") {
                #expect(value.line().count < 10_000)
                _ = try JSONEncoder().encode(value)
            }
        }
    }

    @Test("long values are cut and say how long they are")
    func long() {
        let bytes = FieldValue.bytes([UInt8](repeating: 0, count: 1000))
        #expect(bytes.line().hasSuffix("… (1000 B)") && bytes.line().count < 100)
        let list = FieldValue.list([FieldValue](repeating: .number("12345"), count: 1000))
        #expect(list.line().contains("more]") && list.line().count < 300)
    }
}

@Suite("Filters")
struct FilterTests {
    @Test(
        "rules are read and compared",
        arguments: [
            ("text=hi", true), ("text!=hi", false), ("text~h", true), ("small<0", true), ("small>0", false),
            ("inner.text=x", true), ("numbers>100", true), ("absent=0", true), ("absent!=0", false),
            ("color=BLUE", true),
        ])
    func rules(text: String, fits: Bool) throws {
        var view = TrafficView()
        view.book.add(try description())
        var record = Spacenode_Bus_V1_TrafficRecord()
        var envelope = Spacenode_Bus_V1_Envelope()
        (envelope.header.kind, envelope.header.type) = (1, 0x4000_0001)
        envelope.payload = Data(DecoderTests.bytes)
        (record.type, record.status) = (0x4000_0001, 1)
        record.frame = try envelope.serializedData()
        var filter = TrafficFilter()
        filter.fields = [try #require(TrafficFilter.FieldRule(text))]
        #expect(filter.fits(TrafficItem(record), view) == fits)
        filter.types = ["vault"]
        #expect(filter.fits(TrafficItem(record), view) == fits)
        filter.types = ["other"]
        #expect(!filter.fits(TrafficItem(record), view))
    }

    @Test("what is no rule is refused", arguments: ["", "name", "=x"])
    func noRule(text: String) {
        #expect(TrafficFilter.FieldRule(text) == nil)
    }
}
