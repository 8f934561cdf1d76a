using System.Text.Json;
using Cutaway.Testing;

namespace Cutaway.Models.Tokenizers.Chat;

public sealed class ChatTemplateTests
{
    private static readonly ChatMessage[] Talk = [new("system", " Be brief. "), new("user", "Hi"), new("assistant", "Hello"), new("user", "Bye")];

    private static readonly ChatOptions Bare = new() { AddGenerationPrompt = false };

    [Fact]
    public void Conversations_are_written_as_the_reference_writes_them()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Golden("tokenizers", "smollm2-chat.json")));
        ChatTemplate template = ChatTemplate.Parse(golden.RootElement.GetProperty("template").GetString()!);
        foreach (JsonElement one in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            ChatMessage[] messages = [.. one.GetProperty("messages").EnumerateArray().Select(message =>
                new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];
            Assert.Equal(one.GetProperty("text").GetString(), template.Render(messages, new ChatOptions { AddGenerationPrompt = one.GetProperty("add_generation_prompt").GetBoolean() }));
        }
    }

    [Fact]
    public void Headers_slices_and_dates_work()
    {
        string template = """
            {{- bos_token }}
            {%- if not date_string is defined %}
                {%- if strftime_now is defined %}
                    {%- set date_string = strftime_now("%d %b %Y") %}
                {%- else %}
                    {%- set date_string = "26 Jul 2024" %}
                {%- endif %}
            {%- endif %}
            {%- if messages[0]['role'] == 'system' %}
                {%- set system_message = messages[0]['content']|trim %}
                {%- set messages = messages[1:] %}
            {%- else %}
                {%- set system_message = "" %}
            {%- endif %}
            {{- "<|h|>system\n\n" }}
            {{- "Today: " + date_string + "\n" }}
            {{- system_message }}
            {%- for message in messages %}
                {%- if not (message.role == 'ipython' or 'tool_calls' in message) %}
                    {{- '<|h|>' + message['role'] + '\n\n'+ message['content'] | trim + '<|eot|>' }}
                {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}
                {{- '<|h|>assistant\n\n' }}
            {%- endif %}
            """;
        Assert.Equal(
            "<s><|h|>system\n\nToday: 05 Mar 2025\nBe brief.<|h|>user\n\nHi<|eot|><|h|>assistant\n\nHello<|eot|><|h|>user\n\nBye<|eot|><|h|>assistant\n\n",
            ChatTemplate.Parse(template).Render(Talk, new ChatOptions { BosToken = "<s>", Now = new DateTime(2025, 3, 5) }));
    }

    [Fact]
    public void Namespaces_carry_values_out_of_loops()
    {
        string template = """
            {%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
            {%- for message in messages[::-1] %}
                {%- set index = (messages|length - 1) - loop.index0 %}
                {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool>') and message.content.endswith('</tool>')) %}
                    {%- set ns.multi_step_tool = false %}
                    {%- set ns.last_query_index = index %}
                {%- endif %}
            {%- endfor %}
            {%- for message in messages %}
                {%- set content = message.content.split('</think>')[-1].lstrip('\n') %}
                {{- loop.index ~ '/' ~ loop.length ~ (' last' if loop.last else '') ~ ':' ~ content ~ ';' }}
            {%- endfor %}
            {{- ns.last_query_index }}
            """;
        Assert.Equal("1/3:Hi;2/3:B;3/3 last:C;2", ChatTemplate.Parse(template).Render([new("user", "Hi"), new("assistant", "<think>A</think>\n\nB"), new("user", "C")], Bare));
    }

    [Theory]
    [InlineData("{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 1 + 2 * 3 }} {{ -2 }}", "3 -4 1 3.5 8 7 -2")]
    [InlineData("{{ 'a' ~ 1 ~ none ~ true }} {{ [1, 'x', none] }} {{ {'k': \"it's\"} }}", "a1NoneTrue [1, 'x', None] {'k': \"it's\"}")]
    [InlineData("{{ {'a': [1, 2.5, 'é\"'], 'b': {}} | tojson }}", "{\"a\": [1, 2.5, \"é\\\"\"], \"b\": {}}")]
    [InlineData("{{ {'a': [1], 'b': 2} | tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ],\n  \"b\": 2\n}")]
    [InlineData("{{ x is defined }} {{ x is not defined }} {{ x | default('y') }} [{{ x }}]", "False True y []")]
    [InlineData("{{ 'abcd'[1:3] }} {{ 'abcd'[::-1] }} {{ 'abcd'[-2] }} {{ [1,2,3][:-1] }}", "bc dcba c [1, 2]")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }}{{ ', ' if not loop.last }}{% endfor %}", "a=1, b=2")]
    [InlineData("{% for i in range(5) if i is odd %}{{ i }}{% else %}none{% endfor %}{% for i in [] %}x{% else %}none{% endfor %}", "13none")]
    [InlineData("{% for i in range(9) %}{% if i == 2 %}{% continue %}{% elif i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}", "013")]
    [InlineData("{% macro f(a, b='z') %}<{{ a }}{{ b }}>{% endmacro %}{{ f(1) }}{{ f(1, b=2) }}", "<1z><12>")]
    [InlineData("{% set x %}in{% endset %}{{ x | upper }}{% set a, b = 1, 2 %}{{ a + b }}", "IN3")]
    [InlineData("{{ messages | map(attribute='role') | join(',') }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}", "system,user,assistant,user 2")]
    [InlineData("{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}", "1")]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc")]
    [InlineData("a\n  {{- 1 -}}  \n b {# note #}\nc", "a1b c")]
    [InlineData("{{ not true or 1 == 1.0 and 'b' in 'abc' and 3 not in [1, 2] }} {{ 1 < 2 < 3 }}", "True True")]
    [InlineData("{{ 'a' 'b' + \"c\\n\" | trim }} {{ ('x',)|first }}", "abc x")]
    public void Expressions_and_statements_mean_what_they_mean_in_Jinja(string template, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(template).Render(Talk, Bare));

    [Fact]
    public void A_template_may_refuse_a_conversation()
    {
        CutawayException fault = Assert.Throws<CutawayException>(() =>
            ChatTemplate.Parse("{% if messages[0].role != 'user' %}{{ raise_exception('Roles must alternate') }}{% endif %}").Render(Talk, Bare));
        Assert.Equal(FaultKind.Input, fault.Kind);
        Assert.Contains("Roles must alternate", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\n{% if x %}", "line 2")]
    [InlineData("a\n\n{{ 1 + }}", "line 3")]
    [InlineData("{{ 'abc }}", "line 1")]
    [InlineData("\n{{ a.b }}", "line 2")]
    [InlineData("\n{{ a.b.c }}", "'a' is not there")]
    [InlineData("{{ 1 | nothing }}", "'nothing' is not known")]
    [InlineData("{{ 1 is nothing }}", "'nothing' is not known")]
    [InlineData("{% include 'x' %}", "'include' is not a statement")]
    [InlineData("{{ 1 // 0 }}", "has no value")]
    [InlineData("{{ 'a' + 1 }}", "makes no sense")]
    [InlineData("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "did not finish")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "more than 64 deep")]
    [InlineData("{% set ns = namespace(a='xxxxxxxx') %}{% for i in range(99) %}{% set ns.a = ns.a + ns.a %}{% endfor %}", "longer than")]
    [InlineData("{{ 'a' * 99999999999 }}", "longer than")]
    public void Faults_name_the_line_and_the_cause(string template, string expected)
    {
        CutawayException fault = Assert.Throws<CutawayException>(() => ChatTemplate.Parse(template).Render(Talk, Bare));
        Assert.Equal(FaultKind.Model, fault.Kind);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        Assert.Throws<CutawayException>(() => ChatTemplate.Parse("{{ " + new string('(', 5000)));
        Assert.Throws<CutawayException>(() => ChatTemplate.Parse("{{ 1" + string.Concat(Enumerable.Repeat(" ~ 1", 100_000)) + " }}"));
        Assert.Throws<CutawayException>(() => ChatTemplate.Parse(string.Concat(Enumerable.Repeat("{% if 1 %}", 5000))));
        Assert.Throws<CutawayException>(() => ChatTemplate.Parse("{% if 1 %}" + string.Concat(Enumerable.Repeat("{% elif 1 %}", 5000))));
    }
}
