import JSONStream
import Testing

/// RFC 9535, rule by rule, on documents of our own.
@Suite struct PathTests {
    struct Case: CustomTestStringConvertible {
        var path: String
        var document: String
        var nodes: [String]

        init(_ path: String, _ document: String, _ nodes: [String]) {
            self.path = path
            self.document = document
            self.nodes = nodes
        }

        var testDescription: String { path }
    }

    static let shop = """
        {"shop":{"items":[{"kind":"book","title":"One","by":"A","price":8.5},{"kind":"book","title":"Two","by":"B",\
        "price":12},{"kind":"pen","price":2,"ink":"blue"},{"kind":"book","title":"Three","isbn":"0-1","price":9}],\
        "bag":{"colour":"red","price":399}}}
        """

    static let selecting: [Case] = [
        Case("$", "7", ["7"]), Case("$", #"{"a":1}"#, [#"{"a":1}"#]),
        Case("$.a", #"{"a":1,"b":2}"#, ["1"]), Case("$['a']", #"{"a":1}"#, ["1"]),
        Case(#"$["a"]"#, #"{"\u0061":1}"#, ["1"]),
        Case("$.a.b", #"{"a":{"b":[]}}"#, ["[]"]), Case("$.a.b", #"{"a":[1]}"#, []), Case("$.a", "[1]", []),
        Case("$ .a [ 'b' , 0 ]", #"{"a":{"b":1}}"#, ["1"]), Case("$\n.a", #"{"a":1}"#, ["1"]),
        Case("$['j j']['k.k']", #"{"j j":{"k.k":3}}"#, ["3"]), Case(#"$["'"]['"']"#, #"{"'":{"\"":1}}"#, ["1"]),
        Case(#"$['\'']"#, #"{"'":1}"#, ["1"]),
        Case(#"$["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]"#, #"{"\"\\/\b\f\n\r\té😀":1}"#, ["1"]),
        Case("$['']", #"{"":1}"#, ["1"]), Case("$.☺_1", #"{"☺_1":1}"#, ["1"]), Case("$.a", "null", []),
        Case("$.*", #"{"a":1,"b":[2]}"#, ["1", "[2]"]), Case("$[*]", "[1,{},\"x\"]", ["1", "{}", "\"x\""]),
        Case("$.*", "1", []),
        Case("$[*][*]", #"[[1,2],{"a":3}]"#, ["1", "2", "3"]), Case("$[*,0]", "[1,2]", ["1", "2", "1"]),
        Case("$[0]", "[1,2]", ["1"]), Case("$[1]", "[1,2]", ["2"]), Case("$[2]", "[1,2]", []),
        Case("$[-1]", "[1,2]", ["2"]),
        Case("$[-3]", "[1,2]", []), Case("$[0]", #"{"0":1}"#, []), Case("$['0']", #"{"0":1}"#, ["1"]),
        Case("$['0']", "[1]", []),
        Case("$[0,0]", "[1]", ["1", "1"]), Case("$['a','c',0]", #"{"a":1,"c":2}"#, ["1", "2"]),
        Case("$[1:3]", "[0,1,2,3]", ["1", "2"]), Case("$[5:]", "[0,1]", []), Case("$[1:]", "[0,1,2]", ["1", "2"]),
        Case("$[:2]", "[0,1,2]", ["0", "1"]), Case("$[:]", "[0,1]", ["0", "1"]), Case("$[::]", "[0,1]", ["0", "1"]),
        Case("$[1:5:2]", "[0,1,2,3,4,5,6]", ["1", "3"]), Case("$[5:1:-2]", "[0,1,2,3,4,5,6]", ["5", "3"]),
        Case("$[::-1]", "[0,1,2]", ["2", "1", "0"]), Case("$[-2:]", "[0,1,2]", ["1", "2"]),
        Case("$[:-1]", "[0,1,2]", ["0", "1"]),
        Case("$[-9:9]", "[0,1]", ["0", "1"]), Case("$[9:-9:-1]", "[0,1]", ["1", "0"]), Case("$[2:1]", "[0,1,2]", []),
        Case("$[0:1:0]", "[0,1]", []), Case("$[ 0 : 2 : 1 ]", "[0,1,2]", ["0", "1"]), Case("$[1:2]", #"{"1":1}"#, []),
        Case("$[::9007199254740991]", "[0,1]", ["0"]), Case("$[::-9007199254740991]", "[0,1]", ["1"]),
        Case("$..a", #"{"a":{"a":1},"b":[{"a":2}]}"#, [#"{"a":1}"#, "1", "2"]),
        Case("$..[0]", "[[1,[2]],3]", ["[1,[2]]", "1", "2"]),
        Case("$..*", #"{"a":[1]}"#, ["[1]", "1"]), Case("$..a..b", #"{"a":{"a":{"b":1}}}"#, ["1", "1"]),
        Case("$.a..[*]", #"{"a":[5,[6]],"b":[7]}"#, ["5", "[6]", "6"]),
        Case("$..['a','b']", #"{"b":1,"a":2}"#, ["2", "1"]),
        Case("$..", "1", []), Case("$.shop.items[*].by", shop, ["\"A\"", "\"B\""]),
        Case("$..price", shop, ["8.5", "12", "2", "9", "399"]),
        Case("$.shop..price", shop, ["8.5", "12", "2", "9", "399"]), Case("$..items[2].ink", shop, ["\"blue\""]),
        Case("$..items[?@.isbn].title", shop, ["\"Three\""]),
        Case("$..items[?@.price<10].price", shop, ["8.5", "2", "9"]),
        Case("$..[?@.kind=='book' && @.price>9].title", shop, ["\"Two\""]),
        Case("$.shop.items[?@.price > $.shop.items[3].price].by", shop, ["\"B\""]),
    ].filter { $0.path != "$.." }

    static let filtering: [Case] = [
        Case("$[?@.a]", #"[{"a":null},{"b":1},[1],2]"#, [#"{"a":null}"#]), Case("$[?@]", "[1,null]", ["1", "null"]),
        Case("$[?!@.a]", #"[{"a":1},{"b":1}]"#, [#"{"b":1}"#]), Case("$[?@.*]", "[[],[1],{}]", ["[1]"]),
        Case("$[?@..a]", #"[{"b":{"a":1}},{}]"#, [#"{"b":{"a":1}}"#]),
        Case("$[?@>1 && @<4 || @==9]", "[1,2,3,4,9]", ["2", "3", "9"]),
        Case("$[?(@>1 || @<0) && !(@==3)]", "[-1,1,2,3]", ["-1", "2"]),
        Case("$.x[?@==$.y]", #"{"x":[1,2],"y":2}"#, ["2"]),
        Case("$[?@.a==@.b]", #"[{"a":1,"b":1},{"a":1},{}]"#, [#"{"a":1,"b":1}"#, "{}"]),
        Case("$[?@.a!=1]", #"[{"a":1},{"a":2},{}]"#, [#"{"a":2}"#, "{}"]),
        Case("$[?@==1]", "[1,1.0,10e-1,\"1\",true]", ["1", "1.0", "10e-1"]),
        Case("$[?@==-0]", "[0,-0.0,1]", ["0", "-0.0"]),
        Case("$[?@=='\\u0061']", #"["a","\u0061","b"]"#, [#""a""#, #""\u0061""#]),
        Case("$[?@<'b']", #"["a","b",1,null]"#, ["\"a\""]),
        Case("$[?@<='b']", #"["a","b","c",1]"#, ["\"a\"", "\"b\""]),
        Case("$[?@>='b']", #"["a","b","c"]"#, ["\"b\"", "\"c\""]), Case("$[?@==true]", "[true,false,1]", ["true"]),
        Case("$[?@==null]", "[null,0]", ["null"]),
        Case("$[?@<true]", "[true,false]", []), Case("$[?@<=true]", "[true,false]", ["true"]),
        Case("$[?@.a<=@.b]", "[{}]", ["{}"]), Case("$[?@.a<@.b]", "[{}]", []),
        Case(
            "$[?@.a==@.b]", #"[{"a":[1,{"x":2,"y":3}],"b":[1.0,{"y":3,"x":2}]},{"a":[1],"b":[2]},{"a":{},"b":[]}]"#,
            [#"{"a":[1,{"x":2,"y":3}],"b":[1.0,{"y":3,"x":2}]}"#]),
        Case("$[?@==9007199254740993]", "[9007199254740992,9007199254740993]", ["9007199254740993"]),
        Case("$[?@>1e400]", "[1e500]", []),
        Case("$[?1==@]", "[1,2]", ["1"]), Case("$[?@.a[0]['b']==1]", #"[{"a":[{"b":1}]}]"#, [#"{"a":[{"b":1}]}"#]),
        Case("$[?@[-1]==2]", "[[1,2],[2,1]]", ["[1,2]"]),
        Case("$[?@[?@>1]]", "[[1],[2]]", ["[2]"]),
        Case("$[?@.a, ?@.b]", #"[{"a":1,"b":2}]"#, [#"{"a":1,"b":2}"#, #"{"a":1,"b":2}"#]),
        Case("$.o[?@>1]", #"{"o":{"x":1,"y":2}}"#, ["2"]), Case("$[?\n@ .a\t==\r1 ]", #"[{"a":1}]"#, [#"{"a":1}"#]),
        Case(
            "$[?length(@)==2]", #"["ab","é中","a",[1,2],{"a":1,"b":2},2,null]"#,
            [#""ab""#, #""é中""#, "[1,2]", #"{"a":1,"b":2}"#]),
        Case("$[?length(@.a)>0]", #"[{"a":"x"},{"a":1},{}]"#, [#"{"a":"x"}"#]),
        Case("$[?length(value(@..a))==1]", #"[{"b":{"a":"x"}},{"a":"x","b":{"a":"y"}}]"#, [#"{"b":{"a":"x"}}"#]),
        Case("$[?count(@.*)==2]", "[[1,2],[1]]", ["[1,2]"]), Case("$[?count(@..*)>2]", "[[1,[2]],[1]]", ["[1,[2]]"]),
        Case("$[?value(@.a)==1]", #"[{"a":1},{"a":2}]"#, [#"{"a":1}"#]),
        Case("$[?match(@,'a.c')]", #"["abc","xabc","a\nc",1]"#, ["\"abc\""]),
        Case("$[?search(@,'b+')]", #"["abbc","ac"]"#, ["\"abbc\""]),
        Case(
            "$[?match(@.a,@.b)]", #"[{"a":"xx","b":"x*"},{"a":"y","b":"x*"},{"a":"y","b":"("},{"a":"y","b":1}]"#,
            [#"{"a":"xx","b":"x*"}"#]),
        Case("$[?!match(@,'(')]", "[\"a\"]", ["\"a\""]), Case("$[?match(@, '[^\\\\p{L}]')]", #"["1","é"]"#, ["\"1\""]),
        Case("$[?search(@,'')]", "[\"\",\"a\",1]", ["\"\"", "\"a\""]),
        Case("$[?@.a && (@.b || @.c)]", #"[{"a":0,"c":0},{"a":0}]"#, [#"{"a":0,"c":0}"#]),
    ]

    @Test("selects, in order", arguments: selecting + filtering) func selects(_ rule: Case) throws {
        let document = try JSONDocument(bytes(rule.document), duplicates: .keep)
        let nodes = try JSONPath(rule.path).nodes(in: document.root)
        #expect(nodes.map { text(Array($0.text)) } == rule.nodes)
    }

    @Test("is no path") func errors() {
        let wrong: [(String, JSONPathError.Code, Int)] = [
            ("", .noRoot, 0), ("a", .noRoot, 0), (" $", .noRoot, 0), ("@.a", .noRoot, 0), ("$ ", .expectedSegment, 1),
            ("$a", .expectedSegment, 1),
            ("$.", .expectedName, 2), ("$..", .expectedName, 3), ("$...a", .expectedName, 3),
            ("$.1a", .expectedName, 2), ("$. a", .expectedName, 2), ("$.'a'", .expectedName, 2),
            ("$.a-b", .expectedSegment, 3),
            ("$[", .expectedSelector, 2), ("$[]", .expectedSelector, 2), ("$[a]", .expectedSelector, 2),
            ("$[0", .unexpected, 3), ("$[0,]", .expectedSelector, 4), ("$[0 1]", .unexpected, 4),
            ("$[01]", .badInteger, 2), ("$[-0]", .badInteger, 2), ("$[-]", .badInteger, 2),
            ("$[9007199254740992]", .badInteger, 2), ("$[1:-01]", .badInteger, 4), ("$[1.0]", .unexpected, 3),
            ("$[1e2]", .unexpected, 3), ("$[::00]", .badInteger, 4),
            ("$['a", .badString, 4), (#"$['\x']"#, .badString, 4), (#"$["\'"]"#, .badString, 4),
            (#"$['\"']"#, .badString, 4), (#"$['\ud800']"#, .badString, 9), (#"$['\udc00']"#, .badString, 9),
            ("$['\n']", .badString, 3),
            ("$[?]", .unexpected, 3), ("$[?1]", .unexpected, 4), ("$[?'a']", .unexpected, 6),
            ("$[?true]", .unexpected, 7), ("$[?@.a=1]", .unexpected, 6), ("$[?@.a==]", .unexpected, 8),
            ("$[?@.a==1 &]", .unexpected, 10),
            ("$[?@.*==1]", .notSingular, 3), ("$[?1==@..a]", .notSingular, 6), ("$[?@[0:1]==1]", .notSingular, 3),
            ("$[?@==01]", .badNumber, 6), ("$[?@==+1]", .unexpected, 6), ("$[?@==1.]", .badNumber, 6),
            ("$[?@==.5]", .unexpected, 6), ("$[?@==True]", .unexpected, 6), ("$[?@==nul]", .unexpected, 6),
            ("$[?@=={}]", .unexpected, 6), ("$[?(@.a]", .unexpected, 7), ("$[?((@.a)==1)]", .unexpected, 9),
            ("$[?foo(@)]", .unknownFunction, 3), ("$[?length()>1]", .wrongArgumentCount, 3),
            ("$[?length(@,@)>1]", .wrongArgumentCount, 3), ("$[?match(@)]", .wrongArgumentCount, 3),
            ("$[?length(@)]", .wrongType, 3), ("$[?count(@.*)]", .wrongType, 3), ("$[?value(@.a)]", .wrongType, 3),
            ("$[?count(1)==1]", .wrongType, 9), ("$[?length(@.*)==1]", .notSingular, 10),
            ("$[?match(@,'a')==true]", .wrongType, 3), ("$[?length(match(@,'a'))==1]", .wrongType, 10),
            ("$[?length(@.a==1)==1]", .wrongType, 10), ("$[?match(@.*,'a')]", .notSingular, 9),
            ("$[?length (@)==1]", .unexpected, 3), ("$[?!1]", .unexpected, 5), ("$[?!length(@)]", .wrongType, 4),
            ("$[?" + String(repeating: "(", count: 40) + "@" + String(repeating: ")", count: 40) + "]", .tooDeep, 35),
            (String(repeating: "$[?", count: 40), .tooDeep, 51),
        ]
        for (path, code, offset) in wrong {
            #expect(throws: JSONPathError(code, at: offset), "\(path)") { _ = try JSONPath(path) }
        }
    }

    @Test("selects one value at most") func singular() throws {
        for path in ["$", "$.a", "$['a'][0]", "$[-1].b"] { #expect(try JSONPath(path).isSingular) }
        for path in ["$.*", "$..a", "$[0,1]", "$[0:1]", "$[?@]"] { #expect(try !JSONPath(path).isSingular) }
    }

    @Test("names that stand twice are each found") func duplicates() throws {
        let document = try JSONDocument(bytes(#"{"a":1,"a":2}"#), duplicates: .keep)
        #expect(try JSONPath("$.a").nodes(in: document.root).compactMap(\.int64) == [1, 2])
        #expect(try JSONPath("$.a").first(in: document.root)?.int64 == 1)
    }

    @Test("what costs too much is stopped") func cost() throws {
        let wide = try JSONDocument(bytes("[" + Array(repeating: "[1]", count: 300).joined(separator: ",") + "]"))
        #expect(throws: JSONPathTooCostly()) { _ = try JSONPath("$..*..*..*").nodes(in: wide.root, budget: 1000) }
        #expect(throws: JSONPathTooCostly()) {
            _ = try JSONPath("$[?count($..*)>1]").nodes(in: wide.root, budget: 100_000)
        }
        #expect(try JSONPath("$..*").nodes(in: wide.root, budget: 10_000).count == 600)
    }
}
