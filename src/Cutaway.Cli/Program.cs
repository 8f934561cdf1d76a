Console.WriteLine("cutaway");
