using System.Reflection;
using System.Text;

namespace Cutaway.House.Tests;

/// <summary>Lists what an assembly shows to others, one line a member, sorted: a text whose changes are changes of the API.</summary>
internal static class PublicApi
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly NullabilityInfoContext Nullability = new();

    public static string Of(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(type.Namespace).Append('.').Append(Name(type)).Append('\n');
            if (typeof(Delegate).IsAssignableFrom(type))
            {
                continue;
            }

            foreach (string member in type.GetMembers(Own).Select(Member).OfType<string>().Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    private static string? Member(MemberInfo member) => member switch
    {
        // What the compiler writes for records says nothing beyond "this is a record".
        _ when member.Name is "EqualityContract" or "PrintMembers" or "<Clone>$" or "Deconstruct" or "Equals" or "GetHashCode" or "ToString" or "op_Equality" or "op_Inequality" => null,
        FieldInfo field when field.IsPublic && !field.IsSpecialName => field.DeclaringType!.IsEnum ? field.Name : $"{Modifier(field.IsStatic)}{Name(field.FieldType)} {field.Name}",
        PropertyInfo property when property.GetMethod is { IsPublic: true } get => $"{Modifier(get.IsStatic)}{Annotated(property)} {property.Name}{Index(property)} {{ {Accessors(property)} }}",
        ConstructorInfo made when made.IsPublic => $"new({Parameters(made)})",
        MethodInfo method when method.IsPublic && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
            $"{Modifier(method.IsStatic)}{Name(method.ReturnType)} {method.Name}{Generics(method)}({Parameters(method)})",
        _ => null,
    };

    private static string Modifier(bool isStatic) => isStatic ? "static " : "";

    private static string Annotated(PropertyInfo property) =>
        Name(property.PropertyType) + (!property.PropertyType.IsValueType && Nullability.Create(property).ReadState == NullabilityState.Nullable ? "?" : "");

    private static string Index(PropertyInfo property) =>
        property.GetIndexParameters() is [_, ..] parameters ? $"[{string.Join(", ", parameters.Select(parameter => Name(parameter.ParameterType)))}]" : "";

    private static string Accessors(PropertyInfo property) => property.SetMethod switch
    {
        { IsPublic: true } set when set.ReturnParameter.GetRequiredCustomModifiers().Length > 0 => "get; init;",
        { IsPublic: true } => "get; set;",
        _ => "get;",
    };

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? " = " + (parameter.DefaultValue?.ToString() ?? "default") : "")}"));

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return "ref " + Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (type.IsPointer)
        {
            return Name(type.GetElementType()!) + "*";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }

        string name = type.DeclaringType is { } outer && !type.IsGenericParameter ? $"{Name(outer)}.{type.Name}" : type.Name;
        return type.IsGenericType && name.IndexOf('`', StringComparison.Ordinal) is >= 0 and int tick
            ? $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : name;
    }
}
