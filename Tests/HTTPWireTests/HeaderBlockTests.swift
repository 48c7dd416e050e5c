import HTTPWire
import Testing

@Suite struct HeaderBlockTests {
    /// The lengths of unusual names are told at once; whatever they say, finding must find.
    @Test func lengthsOfUnusualNamesHideNothing() {
        let block = HeaderBlock()
        block.append(name: octets("X-User-Id").span, value: octets("7").span)
        block.append(.host, "example.org")
        let long = String(repeating: "n", count: 80)
        block.append(name: octets(long).span, value: octets("8").span)
        #expect(block.mayHoldOther(ofLengths: HeaderBlock.lengthBit(9)))
        #expect(!block.mayHoldOther(ofLengths: HeaderBlock.lengthBit(4)), "the length of Host, which is known")
        #expect(block.mayHoldOther(ofLengths: HeaderBlock.lengthBit(200)), "long names share one bit")
        #expect(block.firstIndex(named: octets("x-user-id").span) == 0)
        #expect(block.firstIndex(named: octets("host").span, foldingUnderscores: true) == 1)
        #expect(block.firstIndex(named: octets(long).span) == 2)
        #expect(block.firstIndex(named: octets("x-user-no").span) == -1)
        block.removeAll()
        #expect(!block.mayHoldOther(ofLengths: .max))
    }

    @Test("fields are found by number, by known name, and by name in any case") func finding() {
        let block = HeaderBlock(["Host": "a", "X-One": "1", "cookie": "b", "x-ONE": "2", "Cookie": "c"])
        #expect(block.count == 5)
        #expect(text(block.name(1)) == "X-One")
        #expect(text(block.value(1)) == "1")
        #expect(block.field(2).known == .cookie)
        #expect(block.field(1).known == .none)
        #expect(block.contains(.cookie))
        #expect(!block.contains(.via))
        #expect(!block.contains(.none))
        #expect(block.firstIndex(of: .cookie) == 2)
        #expect(block.nextIndex(of: .cookie, after: 2) == 4)
        #expect(block.nextIndex(of: .cookie, after: 4) == -1)
        #expect(block.firstIndex(of: .via) == -1)
        #expect(block.firstIndex(of: .none) == -1)
        #expect(block.firstIndex(named: octets("x-one").span) == 1)
        #expect(block.firstIndex(named: octets("x-one").span, after: 1) == 3)
        #expect(block.firstIndex(named: octets("x-one").span, after: 3) == -1)
        #expect(block.firstIndex(named: octets("cookie").span) == 2)
        #expect(block.firstIndex(named: octets("cookie").span, after: 2) == 4)
        #expect(block.firstIndex(named: octets("x-on").span) == -1)
    }

    @Test("appending, setting and removing keep order, bitmap and size") func editing() {
        let block = HeaderBlock(["A": "1", "Cookie": "b", "B": "2", "Cookie": "c"])
        block.append(.via, octets("1.1 x").span)
        block.append(.server, "gatehouse")
        #expect(block.written == "A: 1\r\nCookie: b\r\nB: 2\r\nCookie: c\r\nVia: 1.1 x\r\nServer: gatehouse\r\n")
        block.remove(at: 1)
        block.remove(at: 1)
        #expect(block.contains(.cookie))
        #expect(block.firstIndex(of: .cookie) == 3)
        block.remove(at: 3)
        #expect(!block.contains(.cookie))
        #expect(block.written == "A: 1\r\nB: 2\r\nVia: 1.1 x\r\nServer: gatehouse\r\n")
        block.set(.via, octets("2 longer").span)
        block.set(.host, octets("h").span)
        block.set(.server, "s")
        #expect(block.written == "A: 1\r\nB: 2\r\nVia: 2 longer\r\nServer: s\r\nHost: h\r\n")
        #expect(block.wireSize == block.written.utf8.count)
        #expect(block.liveCount == 5)
        block.remove(.via)
        block.remove(.via)
        block.removeAll(named: octets("b").span)
        #expect(block.written == "A: 1\r\nServer: s\r\nHost: h\r\n")
        #expect(block.wireSize == block.written.utf8.count)
        block.removeAll()
        #expect(block.count == 0)
        #expect(block.written == "")
        #expect(block.wireSize == 0)
        #expect(!block.contains(.host))
    }

    @Test("set leaves one field of several, at the first one's place") func setting() {
        let block = HeaderBlock(["Cookie": "a", "X": "y", "cookie": "b", "COOKIE": "c"])
        block.set(.cookie, octets("new").span)
        #expect(block.written == "Cookie: new\r\nX: y\r\n")
        #expect(block.contains(.cookie))
    }

    @Test("a value of the block itself may be appended and set while the arena moves") func ownBytes() {
        let block = HeaderBlock()
        let value = String(repeating: "v", count: 700)
        block.append("X-First", value)
        for _ in 0..<6 { block.append(.via, block.value(0)) }
        for _ in 0..<6 { block.append(name: block.name(0), value: block.value(0)) }
        block.set(.via, block.value(7))
        block.set(.host, block.value(7))
        #expect(block.plain.allSatisfy { $0.value == value })
        #expect(block.liveCount == 9)
        let range = block.store(block.value(0))
        #expect(text(block.bytes(range)) == value)
    }

    @Test("stored bytes belong to no field and do not show") func storing() {
        let block = HeaderBlock(["A": "1"])
        let range = block.store(octets("/path").span)
        let other = block.store("*")
        block.append("B", "2")
        #expect(text(block.bytes(range)) == "/path")
        #expect(text(block.bytes(other)) == "*")
        #expect(block.written == "A: 1\r\nB: 2\r\n")
    }

    @Test("with underscores folded, a forged name is found; without, it is another name") func underscores() {
        func fresh() -> HeaderBlock {
            HeaderBlock([
                "X-User-Id": "1", "x_user_ID": "2", "X_User-Id": "3", "X-User-Idx": "4", "X_Forwarded_For": "5",
            ])
        }
        let plain = fresh()
        plain.removeAll(named: octets("x-user-id").span)
        #expect(plain.plain.map(\.value) == ["2", "3", "4", "5"])
        let folded = fresh()
        folded.removeAll(named: octets("x-user-id").span, foldingUnderscores: true)
        folded.removeAll(named: octets("x-forwarded-for").span, foldingUnderscores: true)
        #expect(folded.plain.map(\.value) == ["4"])
    }

    @Test("many fields: the table grows, and goes back when it was unusually large") func growth() {
        let block = HeaderBlock()
        for index in 0..<500 { block.append("X-\(index)", "value \(index)") }
        #expect(block.count == 500)
        #expect(text(block.value(499)) == "value 499")
        block.removeAll()
        #expect(block.capacity < 20 * 1024)
    }

    @Test("a seeded walk of edits against a plain list") func walk() {
        var random = Seeded(walk: 3)
        let names = ["Host", "cookie", "X-A", "x-a", "X_B", "Via", "Server", "X-Request-Id", "Z"]
        for round in 0..<200 {
            let block = HeaderBlock()
            var model: [PlainField] = []
            for step in 0..<60 {
                let name = names[random.below(names.count)]
                let known = KnownField.lookup(octets(name).span)
                let value = String(repeating: "v", count: random.below(40)) + "\(step)"
                switch random.below(5) {
                case 0, 1:
                    block.append(name, value)
                    model.append(PlainField(name, value))
                case 2 where known != .none:
                    block.set(known, octets(value).span)
                    let same = model.indices.filter { model[$0].name.lowercased() == name.lowercased() }
                    if let first = same.first {
                        model[first].value = value
                        for index in same.dropFirst().reversed() { model.remove(at: index) }
                    } else {
                        model.append(PlainField(text(known.canonicalName), value))
                    }
                case 3:
                    block.removeAll(named: octets(name.lowercased()).span)
                    model.removeAll { $0.name.lowercased() == name.lowercased() }
                default:
                    let live = (0..<block.count).filter { !block.field($0).isRemoved }
                    guard !live.isEmpty else { continue }
                    let place = random.below(live.count)
                    block.remove(at: live[place])
                    model.remove(at: place)
                }
                let written = block.written
                let holds =
                    block.plain == model && written == model.map { "\($0)\r\n" }.joined()
                    && block.wireSize == written.utf8.count
                    && KnownField.allCases.allSatisfy { field in
                        block.contains(field) == model.contains { KnownField.lookup(octets($0.name).span) == field }
                            || field == .none
                    }
                #expect(holds, "round \(round), step \(step), seed \(Seeded.seed)")
                if !holds { return }
            }
        }
    }
}
