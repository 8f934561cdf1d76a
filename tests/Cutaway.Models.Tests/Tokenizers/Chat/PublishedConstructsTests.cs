using System.Text.Json;
using Cutaway.Models.Formats;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Templates of our own that are built the way those of well-known models are.</summary>
public sealed class PublishedConstructsTests
{
    private const string Tool = """
        {"type": "function", "function": {"name": "weather", "description": "The weather",
         "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}
        """;

    [Fact]
    public void Tools_in_the_first_user_message_and_calls_as_Llama_writes_them()
    {
        const string Template = """
            {%- if custom_tools is defined %}
                {%- set tools = custom_tools %}
            {%- endif %}
            {%- if not tools_in_user_message is defined %}
                {%- set tools_in_user_message = true %}
            {%- endif %}
            {%- if builtin_tools is defined %}
                {{- "Tools: " + builtin_tools | reject('equalto', 'code') | join(", ") + "\n" }}
            {%- endif %}
            {%- if tools_in_user_message and not tools is none %}
                {%- set first_user_message = messages[0]['content']|trim %}
                {%- set messages = messages[1:] %}
                {%- for t in tools %}
                    {{- t | tojson(indent=4) }}
                    {{- "\n\n" }}
                {%- endfor %}
                {{- first_user_message + "<eot>"}}
            {%- endif %}
            {%- for message in messages %}
                {%- if 'tool_calls' in message %}
                    {%- if not message.tool_calls|length == 1 %}
                        {{- raise_exception("one call only") }}
                    {%- endif %}
                    {%- set tool_call = message.tool_calls[0].function %}
                    {{- tool_call.name + ".call(" }}
                    {%- for arg_name, arg_val in tool_call.arguments | items %}
                        {{- arg_name + '="' ~ arg_val + '"' }}
                        {%- if not loop.last %}
                            {{- ", " }}
                        {%- endif %}
                    {%- endfor %}
                    {{- ")" }}
                {%- elif message.role == "tool" %}
                    {%- if message.content is mapping or message.content is iterable and message.content is not string %}
                        {{- message.content | tojson }}
                    {%- else %}
                        {{- message.content }}
                    {%- endif %}
                {%- endif %}
            {%- endfor %}
            """;
        ChatMessage[] talk =
        [
            new("user", " Rain? "),
            new("assistant", "") { Fields = Json("""{"tool_calls": [{"id": "abc", "function": {"name": "weather", "arguments": {"city": "Oslo", "days": 2}}}]}""") },
            new("tool", "") { Fields = Json("""{"content": {"rain": true}}""") },
        ];
        ChatOptions options = new() { Tools = Json($"[{Tool}]"), Variables = Json("""{"builtin_tools": ["code", "search"]}""") };
        string written = ChatTemplate.Parse(Template).Render(talk, options);
        Assert.StartsWith("Tools: search\n{\n    \"type\": \"function\",\n    \"function\": {\n        \"name\": \"weather\",", written, StringComparison.Ordinal);
        Assert.EndsWith("}\n\nRain?<eot>weather.call(city=\"Oslo\", days=\"2\"){\"rain\": true}", written, StringComparison.Ordinal);
    }

    [Fact]
    public void Thinking_is_cut_from_earlier_turns_and_results_are_joined_as_Qwen_does()
    {
        const string Template = """
            {%- if tools %}
                {%- for tool in tools %}
                    {{- "\n" }}
                    {{- tool | tojson }}
                {%- endfor %}
            {%- endif %}
            {%- set ns = namespace(last=messages|length - 1) %}
            {%- for message in messages[::-1] %}
                {%- set index = (messages|length - 1) - loop.index0 %}
                {%- if message.role == "user" and message.content is string and not(message.content.startswith('<r>') and message.content.endswith('</r>')) %}
                    {%- set ns.last = index %}
                    {%- break %}
                {%- endif %}
            {%- endfor %}
            {%- for message in messages %}
                {%- if message.role == "assistant" %}
                    {%- set reasoning = '' %}
                    {%- if message.reasoning_content is string %}
                        {%- set reasoning = message.reasoning_content %}
                    {%- elif '</think>' in message.content %}
                        {%- set reasoning = message.content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
                    {%- endif %}
                    {%- if loop.index0 > ns.last %}
                        {{- '<think>' + reasoning.strip('\n') + '</think>' }}
                    {%- endif %}
                    {{- message.content.split('</think>')[-1].lstrip('\n') }}
                    {%- for tool_call in message.tool_calls or [] %}
                        {%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}
                        {{- '\n' + tool_call.name + ' ' }}
                        {%- if tool_call.arguments is string %}{{- tool_call.arguments }}{%- else %}{{- tool_call.arguments | tojson }}{%- endif %}
                    {%- endfor %}
                {%- elif message.role == "tool" %}
                    {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|user|>' }}{%- endif %}
                    {{- message.content }}
                    {%- if loop.last or (loop.nextitem.role != "tool") %}{{- '<|end|>' }}{%- endif %}
                {%- else %}
                    {{- '[' + message.role + ']' + message.content }}
                {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt and enable_thinking is defined and enable_thinking is false %}
                {{- '<think>\n\n</think>\n\n' }}
            {%- endif %}
            """;
        ChatMessage[] talk =
        [
            new("user", "a"), new("assistant", "<think>\nold\n</think>\n\nb"), new("user", "c"),
            new("assistant", "d") { Fields = Json("""{"reasoning_content": "new", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}, {"name": "g", "arguments": {"x": 1.5}}]}""") },
            new("tool", "1"), new("tool", "2"),
        ];
        string written = ChatTemplate.Parse(Template).Render(talk, new ChatOptions { Variables = Json("""{"enable_thinking": false}""") });
        Assert.Equal("[user]ab[user]c<think>new</think>d\nf {}\ng {\"x\": 1.5}<|user|>12<|end|><think>\n\n</think>\n\n", written);
    }

    [Fact]
    public void Turns_must_alternate_and_tool_texts_are_put_together_as_Mistral_does()
    {
        const string Template = """
            {%- set loop_messages = messages[1:] if messages[0]["role"] == "system" else messages %}
            {%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
            {%- set kept = [] %}
            {%- for message in loop_messages %}
                {%- if message["role"] not in ["tool", "tool_results"] and not message.get("tool_calls") %}
                    {%- set kept = kept + [message] %}
                {%- endif %}
            {%- endfor %}
            {%- set note = "one \
            line" %}
            {%- for message in loop_messages %}
                {%- if message["role"] == "user" and (message == user_messages[-1]) %}
                    {%- for tool in tools %}
                        {%- set tool = tool.function %}
                        {%- for key, val in tool.items() if key != "parameters" %}
                            {{- '"' + key + '": "' + val + '"' }}
                            {{- ", " if not loop.last }}
                        {%- endfor %}
                    {%- endfor %}
                {%- elif message.tool_calls is defined %}
                    {%- for call in message.tool_calls %}
                        {%- if not call.id is defined or call.id|length != 9 %}
                            {{- raise_exception("ids have 9 letters, not " ~ call.id|length) }}
                        {%- endif %}
                        {%- set out = call.function|tojson %}
                        {{- out[:-1] + ', "id": "' + call.id[-9:] + '"}' }}
                    {%- endfor %}
                {%- endif %}
            {%- endfor %}
            """;
        ChatTemplate template = ChatTemplate.Parse(Template);
        ChatMessage Call(string id) => new("assistant", "") { Fields = Json("""{"tool_calls": [{"id": "ID", "function": {"name": "f"}}]}""".Replace("ID", id, StringComparison.Ordinal)) };
        ChatOptions options = new() { Tools = Json($"[{Tool}]") };
        Assert.Equal(
            "\"name\": \"weather\", \"description\": \"The weather\"{\"name\": \"f\", \"id\": \"123456789\"}",
            template.Render([new("system", "s"), new("user", "u"), Call("123456789")], options));
        CutawayException fault = Assert.Throws<CutawayException>(() => template.Render([new("user", "u"), Call("1")], options));
        Assert.Equal(FaultKind.Input, fault.Kind);
        Assert.Contains("not 1", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Macros_that_call_themselves_describe_types_as_Gemma_and_gpt_oss_do()
    {
        const string Template = """
            {%- macro describe(spec, required, nullable=false) -%}
                {%- if spec.type == "array" -%}
                    {{- describe(spec['items'], required) + "[]" }}
                {%- elif spec.type is defined and spec.type is iterable and spec.type is not string -%}
                    {{- spec.type | join(" | ") }}
                {%- elif spec.enum is defined and spec.enum -%}
                    {%- for e in spec.enum %}{{ '"' + e + '"' }}{% if not loop.last %} | {% endif %}{% endfor %}
                {%- elif spec.type == "object" -%}
                    {{- "{" }}
                    {%- set ns = namespace(found_first=false) -%}
                    {%- for key, value in spec.properties | dictsort -%}
                        {%- if ns.found_first %}, {% endif -%}
                        {%- set ns.found_first = true -%}
                        {{ key }}{{ "?" if key not in (spec.required | default([])) }}: {{ describe(value, [], nullable=true) }}
                    {%- endfor -%}
                    {{- "}" }}
                {%- else -%}
                    {{- spec.type | upper }}{{ " or none" if nullable }}
                {%- endif -%}
            {%- endmacro -%}
            {%- for tool in tools %}{{ describe(tool, []) }};{% endfor %}
            """;
        ChatOptions options = new()
        {
            Tools = Json("""
                [{"type": "object", "required": ["b"], "properties": {"b": {"type": "array", "items": {"type": "string"}}, "A": {"type": "number"}, "c": {"enum": ["x", "y"]}}},
                 {"type": ["string", "null"]}]
                """),
        };
        Assert.Equal("{A?: NUMBER or none, b: STRING[], c?: \"x\" | \"y\"};string | null;", ChatTemplate.Parse(Template).Render([], options));
    }

    [Fact]
    public void Documents_are_numbered_and_turns_alternate_as_DeepSeek_Phi_and_Command_write_them()
    {
        const string Template = """
            {% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=true, seen=[]) %}
            {%- for document in documents %}
            Document {{ loop.index }}: {{ document['text'] | replace('\n', ' ') | truncate_is_not_needed if false else document['text'] }}
            {% endfor %}
            {%- for message in messages %}
                {%- if message['role'] == 'user' %}{% set ns.is_first = false %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}
                {%- elif message['role'] in ['assistant', 'model'] and message['content'] is not none %}
                    {%- set content = message['content'] %}
                    {%- if '</think>' in content %}{% set content = content.split('</think>', 1)[1] %}{% endif %}
                    {%- generation %}{{ content }}{% endgeneration %}{{ eos_token }}
                {%- endif %}
                {%- set ns.seen = ns.seen + [message.role] %}
            {%- endfor %}
            {{- ns.seen | join('/') ~ (ns.is_first and ' first' or '') }}
            """;
        Assert.Contains("'truncate_is_not_needed' is not known", Assert.Throws<CutawayException>(() => ChatTemplate.Parse(Template)).Message, StringComparison.Ordinal);
        string known = Template.Replace("truncate_is_not_needed", "upper", StringComparison.Ordinal);
        Assert.Equal(
            "Document 1: One.\nDocument 2: Two.\n<|user|>\nHi<|end|>\nYes</s>user/assistant",
            ChatTemplate.Parse(known).Render(
                [new("user", "Hi"), new("assistant", "<think>x</think>Yes")],
                new ChatOptions { EosToken = "</s>", Documents = Json("""[{"text": "One."}, {"text": "Two."}]""") }));
    }

    [Theory]
    [InlineData("{{ d | tojson(separators=(',', ':')) }} {{ d | tojson(ensure_ascii=true, sort_keys=true) }}", "{\"b\":\"é\",\"a\":[1,{}]} {\"a\": [1, {}], \"b\": \"\\u00e9\"}")]
    [InlineData("{{ '\\u00e9\\x41\\U0001F642\\q' }} {{ 1e3 }} {{ 2.5e-7 }}", "éA🙂\\q 1000.0 2.5e-07")]
    [InlineData("{{ 'a.b.c'.rsplit('.', 1) }} {{ 'x: {} {1} {n}'.format(1, 2, n=3) }} {{ 'a\nb\n'.splitlines() | length }}", "['a.b', 'c'] x: 1 2 3 2")]
    [InlineData("{{ 'prefix-x'.removeprefix('prefix-') }} {{ '12'.isdigit() }} {{ [3, 1, 2] | sort | join }} {{ ['b', 'A'] | sort(reverse=true) | join }}", "x True 123 bA")]
    [InlineData("{{ [1, 2.5] | sum }} {{ [3, 1] | max }} {{ -3 | abs }} {{ '2' | float }} {{ 2.567 | round(1) }} {{ [0] * 2 }}", "3.5 3 3 2.0 2.6 [0, 0]")]
    [InlineData("{{ dict([('a', 1)], b=2) | tojson }} {{ [4, 5].index(5) }} {{ [4, 4].count(4) }} {{ 3 is gt 2 }} {{ 'ab' is lower }}", "{\"a\": 1, \"b\": 2} 1 2 True True")]
    [InlineData("{{ strftime_now('%-d %B %Y, %H:%M %%') }}", "5 March 2025, 09:07 %")]
    [InlineData("{% for k, v in d | dictsort(reverse=true) %}{{ k }}{% endfor %} {{ [d, {'b': 0}] | map(attribute='b') | join('-') }}", "ba é-0")]
    public void Filters_and_methods_mean_what_they_mean_in_Jinja(string template, string expected) => Assert.Equal(
        expected, ChatTemplate.Parse(template).Render([], new ChatOptions { Variables = Json("""{"d": {"b": "é", "a": [1, {}]}}"""), Now = new DateTime(2025, 3, 5, 9, 7, 0) }));

    [Theory]
    [InlineData("{% set ns = namespace(a=[]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}")]
    [InlineData("{% set ns = namespace(a=[]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a | tojson }}")]
    [InlineData("{% set ns = namespace(a=[], b=[]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}")]
    [InlineData("{% set x = 'ab' * 5000000 %}{% for i in range(99999) %}{% set y = x | upper %}{% endfor %}")]
    [InlineData("{% set x = 'ab' * 5000000 %}{% for i in range(99999) %}{{ x.count('c') }}{% endfor %}")]
    [InlineData("{% for i in range(99999) %}{{ 'x' * 1000000 }}{% endfor %}")]
    public void Templates_that_would_take_all_time_or_memory_are_stopped(string template) =>
        Assert.Equal(FaultKind.Model, Assert.Throws<CutawayException>(() => ChatTemplate.Parse(template).Render([], new ChatOptions())).Kind);

    [Theory]
    [InlineData("chat_template.jinja", "plain", "plain", null)]
    [InlineData("additional_chat_templates/tool_use.jinja", "tools", null, "tools")]
    [InlineData("tokenizer_config.json", """{"chat_template": "one"}""", "one", null)]
    [InlineData("tokenizer_config.json", """{"chat_template": [{"name": "default", "template": "d"}, {"name": "tool_use", "template": "t"}]}""", "d", "t")]
    [InlineData("chat_template.json", """{"chat_template": {"default": "d", "tool_use": "t"}}""", "d", "t")]
    [InlineData("tokenizer_config.json", "{}", null, null)]
    public void A_folder_may_hold_several_templates(string file, string content, string? plain, string? tools)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder.Path, file))!);
        folder.Write(file, content);
        Assert.Equal((plain, tools), (TokenizerLoader.ChatTemplateOfFolder(folder.Path), TokenizerLoader.ChatTemplateOfFolder(folder.Path, "tool_use")));
    }

    [Fact]
    public void A_conversation_is_read_with_all_that_its_messages_hold()
    {
        Conversation conversation = Conversation.Parse("""
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "assistant", "content": null, "name": "n"}], "tools": [1], "mood": "x", "add_generation_prompt": false}
            """u8.ToArray(), "chat.json");
        Assert.Equal("a|none n|[1]|x|False|", ChatTemplate.Parse(
            "{{ messages[0].content[0].text }}|{{ 'none' if messages[1].content is none }} {{ messages[1].name }}|{{ tools }}|{{ mood }}|{{ add_generation_prompt }}|{{ documents or '' }}")
            .Render(conversation.Messages, conversation.Options));
        Assert.Equal("u", Assert.Single(Conversation.Parse("""[{"role": "user", "content": "u"}]"""u8.ToArray(), "chat.json").Messages).Content);
    }

    [Theory]
    [InlineData("nothing", "not valid JSON")]
    [InlineData("{}", "no list of messages")]
    [InlineData("[1]", "message 0")]
    [InlineData("""[{"content": "x"}]""", "has no role")]
    [InlineData("""{"messages": [], "tools": {}}""", "'tools'")]
    public void What_is_no_conversation_is_refused(string json, string cause)
    {
        CutawayException fault = Assert.Throws<CutawayException>(() => Conversation.Parse(System.Text.Encoding.UTF8.GetBytes(json), "chat.json"));
        Assert.Equal(FaultKind.Input, fault.Kind);
        Assert.Contains(cause, fault.Message, StringComparison.Ordinal);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
